/**
 * A place to listen on: `host:port`, `[v6]:port` or `unix:PATH` (HAProxy's spelling of a unix address).
 */
import { parseAddress } from "@synprint/core"

export type ListenAddress =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string }

const scratch = new Uint8Array(16)
const isIpv6 = (text: string): boolean => text.includes(":") && parseAddress(text, scratch) !== 0
const isIpv4 = (text: string): boolean => !text.includes(":") && parseAddress(text, scratch) !== 0

const EXPECTED = 'expected "host:port", "[v6]:port" or "unix:PATH"'

/** The address, or what is wrong with the text. `localhost` is 127.0.0.1; other names are refused: they could change. */
export function parseListenAddress(text: string): ListenAddress | string {
  if (text.startsWith("unix:")) {
    const path = text.slice(5)
    if (path === "") return `${EXPECTED}: the path is empty`
    // sun_path holds 108 bytes with the final zero (unix(7)).
    if (new TextEncoder().encode(path).length > 107) return "a unix socket's path may have 107 bytes at most"
    return { kind: "unix", path }
  }
  const found = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  if (found === null) return isIpv6(text) ? `${EXPECTED}: write [${text}]:PORT` : EXPECTED
  const port = Number(found[3])
  if (port > 65535) return `${EXPECTED}: port ${port} is above 65535`
  if (found[1] !== undefined) {
    return isIpv6(found[1])
      ? { kind: "tcp", host: found[1], port }
      : `${EXPECTED}: "${found[1]}" is not an IPv6 address`
  }
  const host = found[2] === "localhost" ? "127.0.0.1" : found[2] === "*" ? "0.0.0.0" : found[2]!
  return isIpv4(host) ? { kind: "tcp", host, port } : `${EXPECTED}: "${host}" is not an IP address`
}

export function printListenAddress(address: ListenAddress): string {
  if (address.kind === "unix") return `unix:${address.path}`
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`
}

/** Only this host can connect. */
export function isLocal(address: ListenAddress): boolean {
  return address.kind === "unix" || address.host === "::1" || address.host.startsWith("127.")
}
