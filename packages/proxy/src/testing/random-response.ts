/**
 * Random responses whose every part names whom it is for, so that an byte that reaches another client is seen.
 */
import type { Random } from "@synprint/core/testing"
import { chunked } from "./random-request.ts"

const STATUSES = [200, 200, 200, 201, 206, 299, 301, 404, 500, 503, 204, 304]
const REASONS = ["OK", "", "Any Reason", "\u00e9", "a\tb"]

/** A valid response of a tag; `isHead`: its request was HEAD. */
export function randomResponse(random: Random, tag: string, isHead: boolean): string {
  let text = ""
  for (let i = random.pick([0, 0, 0, 1, 2]); i > 0; i--)
    text += `HTTP/1.1 ${random.pick([100, 102, 103])} Interim\r\nX-Tag: ${tag}\r\n\r\n`
  const status = random.pick(STATUSES)
  const lines = [`HTTP/1.${random.once(8) ? 0 : 1} ${status} ${random.pick(REASONS)}`, `X-Tag: ${tag}`]
  for (let i = random.below(4); i > 0; i--) lines.push(`x-${i}:${random.pick(["", " ", "\t"])}${tag}`)
  if (random.once(5)) lines.push(`Connection: ${random.pick(["close", "keep-alive", "x-1", "close, X-2"])}`)
  const body = `[${tag}]`.repeat(random.pick([0, 1, 3, 200]))
  const isBodiless = isHead || status === 204 || status === 304
  const framing = random.pick(["length", "length", "chunked", "close"])
  if (framing === "close") return `${text}${lines.join("\r\n")}\r\n\r\n${isBodiless ? "" : body}`
  // A chunked response of an HTTP/1.0 server is no response (RFC 9112 section 6.1).
  if (framing === "chunked" && lines[0]!.startsWith("HTTP/1.1"))
    return `${text}${lines.join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n${isBodiless ? "" : chunked(random, body)}`
  return `${text}${lines.join("\r\n")}\r\nContent-Length: ${body.length}\r\n\r\n${isBodiless ? "" : body}`
}
