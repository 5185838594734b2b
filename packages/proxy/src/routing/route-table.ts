/**
 * Route table: host, then the longest path prefix that ends at a "/" boundary.
 *
 *     exact host  >  "*.example.org" (one label)  >  "*"            a host that is found decides: its paths are not mixed with others'
 *     /api        matches /api  /api/x  /api?x, not /apix
 *
 * Hosts are compared without case, without port and without a dot at the end; paths byte by byte as they came.
 */
import { EMPTY_HASH, hashByte } from "@synprint/core"
import { LOWER, bytesOf, QUESTION, SLASH } from "../http1/byte-classes.ts"
import type { RequestHead } from "../http1/request-head.ts"

export interface RouteKey {
  /** "*", "*.example.org" or a name. */
  readonly host: string
  readonly path: string
}

interface Host<R> {
  /** In lower case, of a wildcard without "*.". */
  readonly name: Uint8Array
  /** Longest first. */
  readonly paths: Array<{ readonly path: Uint8Array; readonly route: R }>
}

export class RouteTable<R> {
  readonly #exact = new Map<number, Array<Host<R>>>()
  readonly #wildcard = new Map<number, Array<Host<R>>>()
  readonly #default: Host<R> | undefined

  constructor(routes: ReadonlyArray<readonly [RouteKey, R]>) {
    const hosts = new Map<string, Host<R>>()
    for (const [{ host, path }, route] of routes) {
      const name = host.toLowerCase().replace(/(.)\.$/, "$1")
      let found = hosts.get(name)
      if (found === undefined)
        hosts.set(name, (found = { name: bytesOf(name.startsWith("*.") ? name.slice(2) : name), paths: [] }))
      found.paths.push({ path: new TextEncoder().encode(path), route })
    }
    for (const [name, host] of hosts) {
      host.paths.sort((a, b) => b.path.length - a.path.length)
      if (name === "*") {
        this.#default = host
        continue
      }
      const index = name.startsWith("*.") ? this.#wildcard : this.#exact
      const hash = hashOf(host.name, 0, host.name.length)
      index.set(hash, [...(index.get(hash) ?? []), host])
    }
  }

  /** The route of a request, undefined when there is none: 404. */
  find(head: RequestHead, bytes: Uint8Array): R | undefined {
    const { hostStart, nameEnd } = head
    let host: Host<R> | undefined
    if (this.#exact.size > 0) host = lookUp(this.#exact, bytes, hostStart, nameEnd)
    if (host === undefined && this.#wildcard.size > 0) {
      let dot = hostStart
      while (dot < nameEnd && bytes[dot] !== 0x2e) dot++
      if (dot > hostStart && dot + 1 < nameEnd) host = lookUp(this.#wildcard, bytes, dot + 1, nameEnd)
    }
    host ??= this.#default
    if (host === undefined) return undefined
    const { paths } = host
    for (let i = 0; i < paths.length; i++)
      if (isPrefix(paths[i]!.path, bytes, head.pathStart, head.pathEnd)) return paths[i]!.route
    return undefined
  }
}

function lookUp<R>(
  index: ReadonlyMap<number, ReadonlyArray<Host<R>>>,
  bytes: Uint8Array,
  from: number,
  end: number
): Host<R> | undefined {
  const hosts = index.get(hashOf(bytes, from, end))
  if (hosts === undefined) return undefined
  for (let i = 0; i < hosts.length; i++) {
    const name = hosts[i]!.name
    if (name.length !== end - from) continue
    let same = 0
    while (same < name.length && LOWER[bytes[from + same]!] === name[same]) same++
    if (same === name.length) return hosts[i]
  }
  return undefined
}

/** The hash of a name in lower case. */
function hashOf(bytes: Uint8Array, from: number, end: number): number {
  let hash = EMPTY_HASH
  for (let i = from; i < end; i++) hash = hashByte(hash, LOWER[bytes[i]!]!)
  return hash
}

function isPrefix(prefix: Uint8Array, bytes: Uint8Array, from: number, end: number): boolean {
  const length = prefix.length
  // "*" and an empty path of the absolute form belong to "/".
  if (from === end || bytes[from] !== SLASH) return length === 1
  if (end - from < length) return false
  for (let i = 0; i < length; i++) if (bytes[from + i] !== prefix[i]) return false
  if (prefix[length - 1] === SLASH || from + length === end) return true
  const next = bytes[from + length]
  return next === SLASH || next === QUESTION
}
