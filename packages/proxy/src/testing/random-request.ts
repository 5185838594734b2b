/**
 * Random requests, right and wrong in the ways that parsers disagree about.
 */
import type { Random } from "@synprint/core/testing"

const METHODS = ["GET", "GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH", "M-SEARCH"]
const TARGETS = [
  "/",
  "/a",
  "/a/b?c=d",
  "/%2e%2e/x",
  "/a//b",
  "/\u00e9",
  "http://example.org/x",
  "http://example.org",
  "/?",
  '/"<>'
]
const NAMES = [
  "Accept",
  "X-A",
  "Cookie",
  "User-Agent",
  "x-tcp-os",
  "X_TCP_OS",
  "X-Forwarded-For",
  "Te",
  "Keep-Alive",
  "A"
]
const VALUES = ["", "b", "a, b", "x\ty", "\u00e9\u00ff", "text/html;q=0.9,*/*;q=0.8", "  spaced  ", "trailers"]
/** Replaced, put in or taken out: what requests are smuggled with. */
const SEAMS = [
  "\n",
  "\r",
  "\r\n",
  " ",
  "\t",
  "\0",
  ":",
  ",",
  ";",
  "0",
  "\r\n ",
  "\u000b",
  "#",
  "Content-Length: 3\r\n",
  "Host: x\r\n",
  "Transfer-Encoding: chunked\r\n",
  "x"
]

/** A request as text, one character per byte; most are valid. */
export function randomRequest(random: Random): string {
  const method = random.pick(METHODS)
  let target = random.pick(TARGETS)
  if (method === "OPTIONS" && random.once(2)) target = "*"
  const lines = [`${method} ${target} HTTP/1.${random.once(10) ? 0 : 1}`, "Host: example.org"]
  for (let i = random.below(6); i > 0; i--)
    lines.splice(
      random.between(1, lines.length),
      0,
      `${random.pick(NAMES)}:${random.pick(["", " ", "\t "])}${random.pick(VALUES)}`
    )
  if (random.once(6))
    lines.push(`Connection: ${random.pick(["close", "keep-alive", "X-A", "x-a, close", "Te", "host"])}`)
  const body = "b".repeat(random.pick([0, 1, 5, 300]))
  if (random.once(3))
    return `${lines.join("\r\n")}\r\nTransfer-Encoding: ${random.pick(["chunked", "Chunked"])}\r\n\r\n${chunked(random, body)}`
  if (body !== "" || random.once(4)) lines.push(`Content-Length: ${body.length}`)
  return `${lines.join("\r\n")}\r\n\r\n${lines.some((line) => line.startsWith("Content-Length")) ? body : ""}`
}

export function chunked(random: Random, body: string): string {
  let text = ""
  for (let at = 0; at < body.length;) {
    const size = random.between(1, body.length - at)
    text += `${random.once(4) ? "0" : ""}${size.toString(16)}${random.once(5) ? ";a=b" : ""}\r\n${body.slice(at, at + size)}\r\n`
    at += size
  }
  return `${text}0\r\n${random.once(4) ? "X-Sum: 1\r\n" : ""}\r\n`
}

/** The text with one to three places changed. */
export function mutate(random: Random, text: string): string {
  let mutated = text
  for (let i = random.between(1, 3); i > 0; i--) {
    const at = random.below(mutated.length + 1)
    const seam = random.once(3) ? String.fromCharCode(random.below(256)) : random.pick(SEAMS)
    const taken = random.pick([0, 0, 1, 2, 10])
    mutated = mutated.slice(0, at) + (random.once(4) ? "" : seam) + mutated.slice(at + taken)
  }
  return mutated
}
