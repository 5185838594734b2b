/**
 * Route: what happens to the requests of one host and path: their upstreams in turn, and how heads are changed.
 */
import { NameSet } from "../http1/field-kind.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import { encodeLines, type Rewrite } from "../http1/request-writer.ts"
import type { RouteKey } from "./route-table.ts"
import type { Upstream } from "../upstream/upstream.ts"

export interface RouteSettings extends RouteKey {
  readonly upstreams: ReadonlyArray<string>
  readonly forceNewConnection: boolean
  /** The path goes on without the route's own. */
  readonly stripPrefix: boolean
  /** Goes on in place of the route's path; "" with stripPrefix false: the path stays. */
  readonly replacePrefix: string
  /** "" keeps the client's. */
  readonly setHost: string
  readonly addHeaders: ReadonlyArray<string>
  readonly removeHeaders: ReadonlyArray<string>
  readonly addResponseHeaders: ReadonlyArray<string>
  readonly removeResponseHeaders: ReadonlyArray<string>
}

export class Route implements Rewrite {
  readonly settings: RouteSettings
  readonly upstreams: ReadonlyArray<Upstream>
  /** The client's connection and the upstream's end with each response: every request has a SYN of its own. */
  readonly forcesNew: boolean
  readonly prefixLength: number
  readonly replacement: Uint8Array
  readonly host: Uint8Array | undefined
  readonly removed: NameSet
  readonly added: Uint8Array
  readonly removedFromResponse: NameSet
  readonly addedToResponse: Uint8Array
  #turn = 0

  constructor(settings: RouteSettings, upstreams: ReadonlyArray<Upstream>) {
    this.settings = settings
    this.upstreams = upstreams
    this.forcesNew = settings.forceNewConnection
    const changes = settings.stripPrefix || settings.replacePrefix !== ""
    this.prefixLength = changes ? new TextEncoder().encode(settings.path).length : 0
    this.replacement = bytesOf(settings.replacePrefix)
    this.host = settings.setHost === "" ? undefined : bytesOf(settings.setHost)
    this.removed = new NameSet(settings.removeHeaders)
    this.added = encodeLines(settings.addHeaders.map(splitHeader))
    this.removedFromResponse = new NameSet(settings.removeResponseHeaders)
    this.addedToResponse = encodeLines(settings.addResponseHeaders.map(splitHeader))
  }

  /** The next in turn that takes requests; when none does, the next in turn all the same: a refused request is no better than a tried one. */
  pick(nowMs: number): Upstream {
    const { upstreams } = this
    const count = upstreams.length
    for (let i = 0; i < count; i++) {
      const upstream = upstreams[this.#next(count)]!
      if (upstream.isUsable(nowMs)) return upstream
    }
    return upstreams[this.#next(count)]!
  }

  #next(count: number): number {
    const turn = this.#turn
    this.#turn = turn + 1 === count ? 0 : turn + 1
    return turn
  }
}

/** "name: value". */
export function splitHeader(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(":")
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()]
}
