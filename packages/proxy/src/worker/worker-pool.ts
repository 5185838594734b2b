/**
 * The Workers: started one after the other, replaced when one dies, reloaded by messages, stopped within a deadline.
 *
 * The main thread keeps every listening socket. A Worker accepts from a copy of its own one, so that connections which come while it is
 * replaced wait in the kernel.
 */
import { existsSync } from "node:fs"
import { SharedHosts, allocateHosts } from "@synprint/core"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Runtime from "effect/Runtime"
import type * as Scope from "effect/Scope"
import { AddressLimits } from "../connection/address-limits.ts"
import type { SharedHandles } from "./capture.ts"
import { CELLS, OPEN } from "../operations/counters.ts"
import type { Descriptor } from "./proxy-server.ts"
import type { FromWorker, ToWorker, WorkerSettings } from "./message.ts"
import { WorkerReports } from "./report.ts"

/** A Worker can't start. */
export class WorkerFailed extends Data.TaggedError("WorkerFailed")<{
  readonly message: string
  readonly exitCode: number
}> {
  override get [Runtime.errorExitCode](): number {
    return this.exitCode
  }
}

export interface WorkerPoolOptions extends Omit<WorkerSettings, "generation"> {
  readonly threads: number
  /** Sockets of each thread. */
  readonly descriptors: ReadonlyArray<ReadonlyArray<Descriptor>>
  readonly shutdownMs: number
  /** Captures of the main thread for all Workers. */
  readonly shared: SharedHandles
  /** Writes lines of `[log] observations`. */
  readonly observed: (lines: Uint8Array) => void
  readonly log: (level: "info" | "warn" | "error", message: string) => void
  /** Creates the thread; tests give another. */
  readonly createWorker?: () => Worker
}

/** Addresses that have a connection or sent a request in this second: more are not limited. */
const LIMIT_SLOTS = 65_536
/** Between a Worker's end and the start of the next; twice as long after each that can't start. */
const RESTART_MS = 250
const RESTART_MOST_MS = 10_000

const SOURCE = new URL("./worker.ts", import.meta.url)
/** In one bundle or executable there is no file of its own: the program itself begins as a Worker (cli: main.ts). */
const WORKER = existsSync(SOURCE) ? SOURCE.href : Bun.main

interface Member {
  worker: Worker
  /** Resolves when it said that it stopped. */
  readonly stopped: PromiseWithResolvers<void>
}

export class WorkerPool {
  readonly threads: number
  readonly reports: WorkerReports
  readonly #options: WorkerPoolOptions
  readonly #counters: SharedArrayBuffer
  readonly #cells: Float64Array
  readonly #limits: SharedArrayBuffer
  readonly #hosts: SharedArrayBuffer
  readonly #history: SharedHosts
  readonly #members: Array<Member | undefined> = []
  #settings: WorkerSettings
  #isStopping = false
  readonly #unhealthy = new Set<string>()
  /** Until the next start of a thread, in milliseconds. */
  readonly #delays = new Map<number, number>()
  /** Workers that died and were replaced. */
  restarts = 0

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.threads = options.threads
    this.reports = new WorkerReports(options.threads)
    this.#settings = { config: options.config, echo: options.echo, generation: 0 }
    const { hosts } = options.config.history
    this.#hosts = allocateHosts(hosts, (words) => void crypto.getRandomValues(words))
    this.#history = new SharedHosts(this.#hosts, hosts, options.threads)
    this.#counters = new SharedArrayBuffer(8 * CELLS * options.threads)
    this.#cells = new Float64Array(this.#counters)
    this.#limits = AddressLimits.allocate(LIMIT_SLOTS, options.threads)
  }

  /** Sum of a counter over the threads. */
  sum(cell: number): number {
    let sum = 0
    for (let thread = 0; thread < this.threads; thread++) sum += this.#cells[thread * CELLS + cell]!
    return sum
  }

  /** Rejects with a WorkerFailed; gives what the Worker says of its capture. */
  start(thread: number): Promise<{ readonly summary: string; readonly hints: ReadonlyArray<string> }> {
    const started = Promise.withResolvers<{ readonly summary: string; readonly hints: ReadonlyArray<string> }>()
    const member: Member = {
      worker: this.#options.createWorker?.() ?? new Worker(WORKER),
      stopped: Promise.withResolvers()
    }
    const { worker } = member
    this.#members[thread] = member
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
      if (data.type === "started") {
        started.resolve(data)
        for (const target of this.#unhealthy)
          worker.postMessage({ type: "health", target, isHealthy: false } satisfies ToWorker)
      } else if (data.type === "failed") started.reject(new WorkerFailed(data))
      else if (data.type === "log") this.#options.log(data.level, data.message)
      else if (data.type === "report") this.reports.set(thread, data.report)
      else if (data.type === "observed") this.#options.observed(data.lines)
      else member.stopped.resolve()
    })
    worker.addEventListener("error", (event) => {
      this.#options.log("error", `worker ${thread}: ${event.message}`)
      started.reject(new WorkerFailed({ message: event.message, exitCode: 1 }))
    })
    worker.addEventListener("close", () => this.#died(thread, member))
    const { descriptors, threads } = this.#options
    const message: ToWorker = {
      type: "start",
      ...this.#settings,
      thread,
      threads,
      descriptors: descriptors[thread]!,
      counters: this.#counters,
      limits: this.#limits,
      hosts: this.#hosts,
      shared: this.#options.shared
    }
    worker.postMessage(message)
    return started.promise
  }

  reload(settings: Omit<WorkerSettings, "generation">): void {
    this.#settings = { ...settings, generation: this.#settings.generation + 1 }
    this.#tellAll({ type: "reload", ...this.#settings })
  }

  /** Reports a health check to all Workers, also to those that start later. */
  setHealth(target: string, isHealthy: boolean): void {
    if (isHealthy) this.#unhealthy.delete(target)
    else this.#unhealthy.add(target)
    this.#tellAll({ type: "health", target, isHealthy })
  }

  /** Access logs are opened again. */
  reopen(): void {
    this.#tellAll({ type: "reopen" })
  }

  /** Ends a Worker as a crash would; another takes its place. */
  kill(thread: number): void {
    this.#members[thread]?.worker.terminate()
  }

  #tellAll(message: ToWorker): void {
    for (const member of this.#members) member?.worker.postMessage(message)
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    const members = this.#members.filter((member) => member !== undefined)
    for (const { worker } of members) worker.postMessage({ type: "stop" } satisfies ToWorker)
    await Promise.race([
      Promise.all(members.map(({ stopped }) => stopped.promise)),
      Bun.sleep(this.#options.shutdownMs)
    ])
    for (const { worker } of members) worker.terminate()
  }

  #died(thread: number, member: Member): void {
    member.stopped.resolve()
    if (this.#isStopping || this.#members[thread] !== member) return
    this.restarts++
    this.reports.end(thread)
    this.#cells[thread * CELLS + OPEN] = 0
    new AddressLimits(this.#limits, this.threads, thread).drop(thread)
    this.#options.log("error", `worker ${thread} ended; another takes its place`)
    if (this.#history.releaseOf(thread))
      this.#options.log("warn", "it ended while it wrote history: what was known of addresses is forgotten")
    const again = (): void => {
      if (this.#isStopping) return
      this.start(thread).then(
        () => this.#delays.delete(thread),
        (error: Error) => {
          this.#options.log("error", `worker ${thread}: ${error.message}`)
          // One that said so lives on, and serves nothing.
          this.#members[thread]?.worker.terminate()
        }
      )
    }
    const delay = this.#delays.get(thread) ?? RESTART_MS
    this.#delays.set(thread, Math.min(2 * delay, RESTART_MOST_MS))
    setTimeout(again, delay)
  }
}

/** Runs while the Scope is open. */
export const openWorkerPool = (options: WorkerPoolOptions): Effect.Effect<WorkerPool, WorkerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const pool = yield* Effect.acquireRelease(
      Effect.sync(() => new WorkerPool(options)),
      (opened) => Effect.promise(() => opened.stop())
    )
    for (let thread = 0; thread < options.threads; thread++) {
      const { summary, hints } = yield* Effect.tryPromise({
        try: () => pool.start(thread),
        catch: (cause) =>
          cause instanceof WorkerFailed ? cause : new WorkerFailed({ message: String(cause), exitCode: 1 })
      })
      if (thread > 0) continue
      yield* Effect.logInfo(summary)
      for (const hint of hints) yield* Effect.logInfo(hint)
    }
    return pool
  })
