/**
 * The process that bench/engine.ts times: reads a capture and feeds it to an Observer, nothing else.
 *
 *     bun engine-process.ts none|p0f CAPTURE MAX_HOSTS [LOG]
 */
import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs"
import { BUILTIN_DATABASE } from "../src/fingerprint/builtin-database.ts"
import { readDatabases } from "../src/fingerprint/database-reader.ts"
import { Matcher } from "../src/fingerprint/matcher.ts"
import { Observer } from "../src/observe/observer.ts"
import { P0fLog } from "../src/observe/p0f-log.ts"
import { CaptureReader } from "../src/packet/capture-file.ts"

const [format, capture, maxHosts, logPath] = process.argv.slice(2)
const isP0f = format === "p0f"
const mode = isP0f ? "p0f" : "modern"
const name = isP0f ? "/etc/p0f/p0f.fp" : "builtin"
const text = isP0f ? readFileSync(name, "utf8") : BUILTIN_DATABASE
const { database } = readDatabases([{ name, text }], mode)
if (database === undefined) throw new Error(`${name} cannot be read`)
const logFile = logPath === undefined ? -1 : openSync(logPath, "w")
const log = logFile < 0 ? undefined : new P0fLog((bytes) => writeSync(logFile, bytes))
const observer = new Observer({
  mode,
  matcher: new Matcher(database, mode, 4096),
  maxFlows: isP0f ? 1000 : 8192,
  maxHosts: Number(maxHosts),
  flowAgeSeconds: 30,
  hostIdleMinutes: isP0f ? 120 : 30,
  ...(log === undefined ? {} : { log })
})
const reader = new CaptureReader((bytes, at, captured, wire, linkType, sec, usec) =>
  observer.frame(bytes, at, captured, wire, linkType, sec, usec)
)
const chunk = new Uint8Array(1 << 18)
const file = openSync(capture!, "r")
for (;;) {
  const length = readSync(file, chunk, 0, chunk.length, null)
  if (length === 0) break
  reader.push(chunk.subarray(0, length))
}
reader.end()
closeSync(file)
log?.flush()
if (process.env["BENCH_COUNTS"] !== undefined) process.stderr.write(`${JSON.stringify(observer.counts)}\n`)
