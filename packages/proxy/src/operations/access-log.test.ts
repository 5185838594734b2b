import { expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { AccessLog, type LoggedRequest, printCombined, printJson } from "./access-log.ts"

const NOW = new Date("2026-11-21T22:07:07Z")
const REQUEST: LoggedRequest = {
  client: "192.0.2.1",
  method: "GET",
  target: '/"\u00e9\n',
  version: "HTTP/1.1",
  status: 200,
  bytes: 5,
  durationMs: 3,
  referer: "-",
  userAgent: "u\\",
  block: "x-tcp-status: ok\r\nX-TCP-OS: Linux\r\n"
}

test("combined: quotes, backslashes and control characters can't forge a line", () => {
  expect(printCombined(REQUEST, NOW)).toBe(
    '192.0.2.1 - - [21/Nov/2026:22:07:07 +0000] "GET /\\x22\\xE9\\x0A HTTP/1.1" 200 5 "-" "u\\x5C" "ok" "Linux" "-"\n'
  )
})

test("json: one line of ASCII, with what the application got", () => {
  const line = printJson(REQUEST, NOW)
  expect(line).toMatch(/^[\x20-\x7e]+\n$/)
  expect(JSON.parse(line)).toEqual({
    time: NOW.toISOString(),
    client: "192.0.2.1",
    method: "GET",
    target: REQUEST.target,
    version: "HTTP/1.1",
    status: 200,
    bytes: 5,
    referer: "-",
    user_agent: "u\\",
    duration_ms: 3,
    x_tcp_status: "ok",
    x_tcp_os: "Linux"
  })
})

test("lines go to the file, after a rename to the new one; to the old one if there is no new one", () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-log-"))
  const path = join(directory, "access.log")
  const warnings: Array<string> = []
  const log = new AccessLog(path, "json", (text) => warnings.push(text))
  const statuses = (file: string): ReadonlyArray<number> =>
    readFileSync(file, "latin1")
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { status: number }).status)
  log.add(REQUEST, NOW)
  renameSync(path, `${path}.1`)
  log.reopen()
  log.add({ ...REQUEST, status: 404 }, NOW)
  log.flush()
  expect([statuses(`${path}.1`), statuses(path)]).toEqual([[200], [404]])
  renameSync(path, `${path}.2`)
  mkdirSync(path)
  log.reopen()
  log.add({ ...REQUEST, status: 500 }, NOW)
  log.close()
  expect(statuses(`${path}.2`)).toEqual([404, 500])
  expect(warnings.length).toBe(1)
  expect(warnings[0]).toContain("lines still go to the file that is open")
  rmSync(directory, { recursive: true })
})
