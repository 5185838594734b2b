/**
 * The chain of backends: asked in order, the first hit wins; otherwise the reason of the last backend that could have answered.
 *
 * A named backend that cannot open is its error. `auto` takes what can be had and says what it lacks. A backend lost later is
 * opened again, 0.25 to 10 s apart; meanwhile its lookups say `backend_down` and traffic goes on.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { CaptureError } from "./backend.ts"
import type {
  BackendCode,
  BackendModule,
  CaptureBackend,
  CaptureFilter,
  CaptureOptions,
  CaptureSeries,
  Connection,
  Miss,
  PacketFeed,
  RawSyn
} from "./backend.ts"
import { backendConfig } from "../config/capture.ts"
import { explainChoice, inAutoOrder, type ChainChoice, type MissingPrivilege } from "./choice.ts"
import { background } from "../lifecycle/daemons.ts"

export const LOOKUP_RESULTS: ReadonlyArray<"hit" | Miss> = [
  "hit",
  "unsupported",
  "syncookie",
  "not_captured",
  "stale",
  "malformed",
  "backend_down"
]

/** Number of lookups of one member of the chain, by how they ended. */
export type LookupCounts = Record<"hit" | Miss, number>

export interface ChainMember {
  readonly name: string
  readonly lookups: Readonly<LookupCounts>
  /** Counters of the backend itself, by its own names. */
  readonly stats: () => Readonly<Record<string, number>>
  /** One of its counters, by the name of the metrics; 0 for what it doesn't count. */
  readonly stat: (series: CaptureSeries) => number
  readonly down: () => string | undefined
}

export interface Chain extends CaptureBackend {
  readonly members: ReadonlyArray<ChainMember>
  /** The members and what was left out, for the log. */
  readonly choice: ChainChoice
}

const WATCH = "250 millis"
const RETRY = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("10 seconds")])

interface Member extends ChainMember {
  readonly lookups: LookupCounts
  readonly open: BackendCode["open"]
  readonly config: unknown
  /** undefined: not opened yet (auto), or lost. */
  backend: CaptureBackend | undefined
  scope: Scope.Closeable | undefined
  /** Why it was lost; undefined when it works or was never open. */
  lost: string | undefined
}

/** `choice`: "auto" or names of `backends`. Opens them in the Scope; code of a backend that is not asked for is never loaded. */
export const openChain = (
  backends: ReadonlyArray<BackendModule>,
  choice: "auto" | ReadonlyArray<string>,
  options: CaptureOptions
): Effect.Effect<Chain, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const owner = yield* Effect.scope
    const isAuto = choice === "auto"
    const names = isAuto ? inAutoOrder(backends).map(({ name }) => name) : choice
    let current = options
    const members: Array<Member> = []
    const missing: Array<MissingPrivilege> = []

    const openMember = (member: Member): Effect.Effect<void, CaptureError> =>
      Effect.gen(function* () {
        const scope = yield* Scope.fork(owner)
        const opened = yield* member.open({ ...current, config: member.config }).pipe(
          Scope.provide(scope),
          Effect.tapError(() => Scope.close(scope, Exit.void))
        )
        member.scope = scope
        member.backend = opened
        member.lost = undefined
      })

    for (const name of names) {
      const loaded = yield* Effect.result(loadMember(backends, name, options, isAuto))
      let error: CaptureError
      if (loaded._tag === "Success") {
        const member = loaded.success
        const opened = yield* Effect.result(openMember(member))
        if (opened._tag === "Success") {
          members.push(member)
          continue
        }
        error = opened.failure
        // Pins may appear and a library be installed later; a right does not come to a running process.
        if (isAuto && error.kind === "failure") members.push(member)
      } else error = loaded.failure
      if (!isAuto || error.kind === "config") return yield* error
      missing.push({ backend: name, error })
    }

    const packets = members.find((member) => member.backend?.packets !== undefined)?.backend?.packets
    if (options.feed && packets === undefined) return yield* withoutFeed(backends, missing)

    for (const member of members) {
      if (member.backend?.recovers !== true) yield* background(`backend ${member.name}`, keepOpen(member, openMember))
    }

    return {
      name: "chain",
      members,
      choice: explainChoice(
        isAuto,
        members.filter((member) => member.backend !== undefined).map((member) => member.name),
        missing
      ),
      lookup: lookupIn(members),
      packets: packets === undefined ? undefined : firstFeed(members),
      stats: () => {
        const all: Record<string, number> = {}
        for (const member of members) {
          for (const [name, value] of Object.entries(member.stats())) all[`${member.name}.${name}`] = value
        }
        return all
      },
      down: () => {
        const reasons = members.map((member) => member.down()).filter((reason) => reason !== undefined)
        return reasons.length === 0 ? undefined : reasons.join("; ")
      },
      setFilter: (filter: CaptureFilter) =>
        Effect.gen(function* () {
          current = { ...current, filter }
          let failed: CaptureError | undefined
          for (const member of members) {
            if (member.backend === undefined) continue
            const result = yield* Effect.result(member.backend.setFilter(filter))
            if (result._tag === "Failure") failed ??= result.failure
          }
          if (failed !== undefined) return yield* failed
        })
    }
  })

/** The chain as a service. */
export class Capture extends Context.Service<Capture, Chain>()("core/Capture") {
  static readonly layer = (
    backends: ReadonlyArray<BackendModule>,
    choice: "auto" | ReadonlyArray<string>,
    options: CaptureOptions
  ): Layer.Layer<Capture, CaptureError> => Layer.effect(Capture, openChain(backends, choice, options))
}

function lookupIn(members: ReadonlyArray<Member>): (connection: Connection, into: RawSyn) => "hit" | Miss {
  return (connection, into) => {
    // "unsupported" stays when no backend could have answered; one that is down could not, if another gave a reason.
    let reason: Miss = "unsupported"
    for (let i = 0; i < members.length; i++) {
      const member = members[i]!
      const { backend } = member
      let found: "hit" | Miss
      if (backend !== undefined) found = backend.lookup(connection, into)
      else if (member.lost !== undefined) found = "backend_down"
      else continue
      member.lookups[found]++
      if (found === "hit") return "hit"
      if (found === "unsupported" || (found === "backend_down" && reason !== "unsupported")) continue
      reason = found
    }
    return reason
  }
}

/** The feed of the first member that has one; a subscriber stays subscribed when that member is opened again. */
function firstFeed(members: ReadonlyArray<Member>): PacketFeed {
  let sink: Parameters<PacketFeed["subscribe"]>[0] | undefined
  let subscribed: PacketFeed | undefined
  const find = (): PacketFeed | undefined => {
    for (let i = 0; i < members.length; i++) {
      const feed = members[i]!.backend?.packets
      if (feed === undefined) continue
      if (feed !== subscribed && sink !== undefined) {
        feed.subscribe(sink)
        subscribed = feed
      }
      return feed
    }
    return undefined
  }
  return {
    subscribe: (next) => {
      sink = next
      subscribed = undefined
      find()
    },
    drain: () => find()?.drain() ?? 0
  }
}

/** Watches a member and opens it again after a loss, or for the first time if `auto` could not open it yet. */
const keepOpen = (
  member: Member,
  openMember: (member: Member) => Effect.Effect<void, CaptureError>
): Effect.Effect<void> =>
  Effect.gen(function* () {
    const reason = member.backend?.down()
    if (member.backend !== undefined && reason === undefined) return
    if (member.backend !== undefined) {
      member.lost = reason
      member.backend = undefined
      yield* Effect.logWarning(`${member.name}: lost (${reason}), trying again`)
      if (member.scope !== undefined) yield* Scope.close(member.scope, Exit.void)
    }
    yield* openMember(member).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (member.lost !== undefined) member.lost = error.reason
        })
      ),
      Effect.retry(RETRY),
      // The schedule never ends, so neither does the retry.
      Effect.orDie
    )
    yield* Effect.logInfo(`${member.name}: open`)
  }).pipe(Effect.delay(WATCH), Effect.forever)

const loadMember = (
  backends: ReadonlyArray<BackendModule>,
  name: string,
  options: CaptureOptions,
  isAuto: boolean
): Effect.Effect<Member, CaptureError> => {
  const module = backends.find((each) => each.name === name)
  if (module === undefined)
    return Effect.fail(
      new CaptureError({
        backend: name,
        attempted: "find the backend",
        reason: "unknown",
        hint: `set [capture] backend to auto or some of ${backends.map((each) => each.name).join(", ")}`,
        kind: "config"
      })
    )
  const config = backendConfig(module, options.backends)
  return Effect.map(loadCode(module), (code) =>
    makeMember(module, code, isAuto ? (module.configForAuto?.(config) ?? config) : config)
  )
}

const loadCode = (module: BackendModule): Effect.Effect<BackendCode, CaptureError> =>
  Effect.tryPromise({
    try: () => module.load(),
    catch: (cause) =>
      new CaptureError({
        backend: module.name,
        attempted: "load the backend",
        reason: cause instanceof Error ? cause.message : String(cause),
        hint: "reinstall: a part of the program is missing",
        kind: "failure",
        cause
      })
  })

function makeMember({ name, statNames }: BackendModule, code: BackendCode, config: unknown): Member {
  const member: Member = {
    name,
    open: code.open,
    config,
    backend: undefined,
    scope: undefined,
    lost: undefined,
    lookups: { hit: 0, unsupported: 0, syncookie: 0, not_captured: 0, stale: 0, malformed: 0, backend_down: 0 },
    stats: () => member.backend?.stats() ?? {},
    stat: (series) => member.stats()[statNames[series] ?? ""] ?? 0,
    down: () => member.lost ?? member.backend?.down()
  }
  return member
}

/** The error that keeps the backend with the packet feed from opening, or the lack of such a backend in the list. */
function withoutFeed(backends: ReadonlyArray<BackendModule>, missing: ReadonlyArray<MissingPrivilege>): CaptureError {
  const able = backends.filter(({ deliversPackets }) => deliversPackets).map(({ name }) => name)
  const refused = missing.find(({ backend }) => able.includes(backend))
  return (
    refused?.error ??
    new CaptureError({
      backend: "capture",
      attempted: "feed every packet to the p0f engine",
      reason: "no backend of [capture] backend delivers packets",
      hint: `add ${able.map((name) => `"${name}"`).join(" or ")} to it, or remove [fingerprint] mode = "p0f" and [p0f_api]`,
      kind: "config"
    })
  )
}
