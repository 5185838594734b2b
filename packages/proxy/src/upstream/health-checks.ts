/**
 * Active health checks: the main thread asks every upstream in turn and informs the Workers when one goes down or comes back.
 *
 *     in ──`fall` bad answers in a row──► out ──`rise` good answers in a row──► in
 */
import { readFileSync } from "node:fs"
import type { Config } from "../config/program.ts"
import { Upstream } from "./upstream.ts"

/** As upstream.ts has them: "" is none. */
interface ProbeTls {
  readonly ca: string
  readonly name: string
}

interface Checked {
  readonly target: string
  readonly tls: ProbeTls
  readonly check: string
  isHealthy: boolean
  /** Answers in a row against what it is. */
  contrary: number
}

export type HealthListener = (target: string, isHealthy: boolean, reason: string) => void

export class HealthChecks {
  #checked = new Map<string, Checked>()
  #health: Config["proxy"]["health"]
  #timer: ReturnType<typeof setTimeout> | undefined
  #isStopped = false
  readonly #listener: HealthListener

  constructor(config: Config, listener: HealthListener) {
    this.#health = config.proxy.health
    this.#listener = listener
    this.reload(config)
    this.#next()
  }

  /** Upstreams that are still named keep what is known of them. */
  reload(config: Config): void {
    this.#health = config.proxy.health
    const next = new Map<string, Checked>()
    for (const { upstreams, healthCheck, upstreamCa, upstreamName } of config.routes) {
      if (healthCheck === "") continue
      const tls = { ca: upstreamCa === "" ? "" : readFileSync(upstreamCa, "latin1"), name: upstreamName }
      for (const target of upstreams) {
        const before = this.#checked.get(target)
        next.set(target, { target, tls, check: healthCheck, isHealthy: before?.isHealthy ?? true, contrary: 0 })
      }
    }
    this.#checked = next
  }

  /** Upstreams that are out. */
  get out(): ReadonlyArray<string> {
    return [...this.#checked.values()].filter(({ isHealthy }) => !isHealthy).map(({ target }) => target)
  }

  stop(): void {
    this.#isStopped = true
    clearTimeout(this.#timer)
  }

  #next(): void {
    if (this.#isStopped) return
    this.#timer = setTimeout(async () => {
      await Promise.all([...this.#checked.values()].map((checked) => this.#check(checked)))
      this.#next()
    }, this.#health.intervalMs)
  }

  async #check(checked: Checked): Promise<void> {
    const bad = await probe(checked.target, checked.check, this.#health.timeoutMs, checked.tls)
    if ((bad === undefined) === checked.isHealthy) {
      checked.contrary = 0
      return
    }
    if (++checked.contrary < (checked.isHealthy ? this.#health.fall : this.#health.rise)) return
    checked.isHealthy = !checked.isHealthy
    checked.contrary = 0
    if (!this.#isStopped) this.#listener(checked.target, checked.isHealthy, bad ?? "answers")
  }
}

/** undefined: good; else what is wrong. */
export async function probe(
  target: string,
  check: string,
  timeoutMs: number,
  tls: ProbeTls = { ca: "", name: "" }
): Promise<string | undefined> {
  const upstream = new Upstream({ target, ...tls, idleConnections: 0, pending: 0 })
  try {
    if (check === "tcp") return await connect(upstream, timeoutMs)
    const base = upstream.unix === undefined ? target.replace(/\/$/, "") : "http://localhost"
    const response = await fetch(base + check, {
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      headers: { "user-agent": "synprint-health-check", connection: "close" },
      ...(upstream.unix === undefined ? {} : { unix: upstream.unix }),
      ...(upstream.tls === undefined ? {} : { tls: upstream.tls })
    })
    await response.body?.cancel()
    return response.status >= 200 && response.status < 400 ? undefined : `status ${response.status}`
  } catch (cause) {
    const { code, name, message } = cause as NodeJS.ErrnoException
    return name === "TimeoutError" ? "no answer in time" : (code ?? message)
  }
}

async function connect({ unix, hostname, port }: Upstream, timeoutMs: number): Promise<string | undefined> {
  const socket = { data() {}, error() {} }
  const opening = unix === undefined ? Bun.connect({ hostname, port, socket }) : Bun.connect({ unix, socket })
  const opened = opening.then((each) => {
    each.end()
    return undefined
  })
  opened.catch(() => undefined)
  return await Promise.race([opened, Bun.sleep(timeoutMs).then(() => "no connection in time")])
}
