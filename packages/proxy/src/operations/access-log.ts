/**
 * Access log: one line per request, collected and written four times a second.
 *
 *     combined   192.0.2.1 - - [21/Nov/2026:22:07:47 +0000] "GET / HTTP/1.1" 200 507 "-" "curl/7.88.1" "ok" "Linux 4.20 or newer" "4:64+0:..."
 *     json       {"time":...,"client":...,"method":...,"target":...,"status":...,"bytes":...,"duration_ms":...,"tcp_status":...}
 *
 * Every thread writes whole lines to the same file, which O_APPEND keeps whole. Lines that can't be written are lost, requests are not.
 */
import { closeSync, constants, openSync } from "node:fs"
import { writeAll } from "@synprint/service"

/** The facts about an exchange that are logged. */
export interface LoggedRequest {
  readonly client: string
  readonly method: string
  readonly target: string
  readonly version: string
  readonly status: number
  /** Bytes of the response. */
  readonly bytes: number
  readonly durationMs: number
  readonly referer: string
  readonly userAgent: string
  /** Header lines that the application got of the connection. */
  readonly block: string
}

const FLUSH_MS = 250
/** Lines that wait; more are lost. */
const PENDING_MAX = 4 << 20
const { O_APPEND, O_CREAT, O_WRONLY, O_NOFOLLOW } = constants

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

export class AccessLog {
  readonly #path: string
  readonly #format: "combined" | "json"
  readonly #warn: (text: string) => void
  readonly #timer: ReturnType<typeof setInterval>
  #descriptor: number
  #pending = ""
  #isFailing = false

  /** Throws what opening the file throws. */
  constructor(path: string, format: "combined" | "json", warn: (text: string) => void) {
    this.#path = path
    this.#format = format
    this.#warn = warn
    this.#descriptor = this.#open()
    this.#timer = setInterval(() => this.flush(), FLUSH_MS)
  }

  #open(): number {
    return openSync(this.#path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o640)
  }

  add(request: LoggedRequest, now: Date): void {
    if (this.#pending.length < PENDING_MAX)
      this.#pending += this.#format === "json" ? printJson(request, now) : printCombined(request, now)
  }

  flush(): void {
    if (this.#pending === "") return
    const lines = Buffer.from(this.#pending, "latin1")
    this.#pending = ""
    try {
      writeAll(this.#descriptor, lines)
      this.#isFailing = false
    } catch (cause) {
      if (!this.#isFailing) this.#warn(`cannot write ${this.#path}: ${(cause as Error).message}; lines are lost`)
      this.#isFailing = true
    }
  }

  /** After logrotate moved the file; the old one goes on when that can't be opened. */
  reopen(): void {
    this.flush()
    try {
      const opened = this.#open()
      closeSync(this.#descriptor)
      this.#descriptor = opened
    } catch (cause) {
      this.#warn(
        `cannot open ${this.#path} again: ${(cause as Error).message}; lines still go to the file that is open`
      )
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.flush()
    closeSync(this.#descriptor)
  }
}

export function printCombined(request: LoggedRequest, now: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0")
  const day = `${two(now.getUTCDate())}/${MONTHS[now.getUTCMonth()]!}/${now.getUTCFullYear()}`
  const time = `${day}:${two(now.getUTCHours())}:${two(now.getUTCMinutes())}:${two(now.getUTCSeconds())} +0000`
  const line = `${request.method} ${request.target} ${request.version}`
  const outcome = ["status", "os", "sig"].map((name) => quote(valueOf(request.block, `x-tcp-${name}`) ?? "-")).join(" ")
  return `${request.client} - - [${time}] ${quote(line)} ${request.status} ${request.bytes} ${quote(request.referer)} ${quote(request.userAgent)} ${outcome}\n`
}

export function printJson(request: LoggedRequest, now: Date): string {
  const { block, ...rest } = request
  const outcome: Record<string, string> = {}
  for (const line of block.split("\r\n")) {
    const colon = line.indexOf(": ")
    if (colon > 0) outcome[line.slice(0, colon).toLowerCase().replaceAll("-", "_")] = line.slice(colon + 2)
  }
  const { durationMs, userAgent, ...more } = rest
  const json = JSON.stringify({
    time: now.toISOString(),
    ...more,
    user_agent: userAgent,
    duration_ms: durationMs,
    ...outcome
  })
  // Bytes beyond ASCII came as latin1: escaped, the line is UTF-8 whatever they were.
  return `${json.replaceAll(/[\u007f-\uffff]/g, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`
}

function valueOf(block: string, name: string): string | undefined {
  const line = block.split("\r\n").find((each) => each.toLowerCase().startsWith(`${name}: `))
  return line?.slice(name.length + 2)
}

/** As nginx: quotes, backslashes and control characters as \\xHH, so that a request can't forge a line. */
function quote(text: string): string {
  let quoted = ""
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    const isPlain = code >= 0x20 && code < 0x7f && code !== 0x22 && code !== 0x5c
    quoted += isPlain ? text[i]! : `\\x${code.toString(16).toUpperCase().padStart(2, "0")}`
  }
  return `"${quoted === "" ? "-" : quoted}"`
}
