/**
 * `read`: capture files -> observer -> report. Exported as @synprint/service/read and free of Effect, which would cost more
 * start-up time than a small capture takes to read.
 */
import { fstatSync } from "node:fs"
import {
  BUFFER_BYTES,
  BUILTIN,
  HintedLog,
  JsonLog,
  Matcher,
  type Mode,
  type ObservationLog,
  Observer,
  P0fLog,
  TextLog
} from "@synprint/core"
import { P0F_DATABASE, readDatabaseFiles } from "../config/database-files.ts"
import { DecodeAhead } from "./decode-ahead.ts"
import { writeAll } from "../lifecycle/write-all.ts"
import type { WriteBehind } from "./write-behind.ts"
import { ReadProgress } from "./progress.ts"
import { printCounts, printReport } from "./report.ts"
import { replay } from "./replay.ts"

export interface ReadOptions {
  /** `-` is stdin. */
  readonly files: ReadonlyArray<string>
  readonly format: "text" | "json" | "p0f" | "none"
  /** Appended to by p0f's rules; undefined: stdout. */
  readonly output: string | undefined
  /** Empty: the built-in one, for p0f the file that Debian installs. */
  readonly databases: ReadonlyArray<string>
  /** Flows, hosts. */
  readonly limits: readonly [number, number] | undefined
  /** Seconds for flows, minutes for hosts. */
  readonly ages: readonly [number, number] | undefined
}

/** p0f: config.h, MAX_CONN and MAX_HOSTS; CONN_MAX_AGE and HOST_IDLE_LIMIT. */
const P0F_LIMITS = [1000, 10_000] as const
const P0F_AGES = [30, 120] as const
const LIMITS = [4096, 65_536] as const
const AGES = [30, 30] as const

/** Fingerprints to remember: a capture of every stack there is has a few thousand. */
const CACHED_FINGERPRINTS = 16_384

const encoder = new TextEncoder()
const STDOUT = 1
const STDERR = 2

const complain = (text: string): void => {
  process.stderr.write(`synprint read: ${text}\n`)
}

/** Writes to stdout. */
export type Print = (bytes: Uint8Array) => void

/** The output that lines are written to. */
interface Sink {
  readonly write: (bytes: Uint8Array) => void
  /** The file of `output`. */
  readonly descriptor?: number
  readonly close: () => void
}

/** The sink, or why there is none. Loads what a file needs when there is one: bun:ffi, for its lock, costs 3 ms. */
const openSink = async (output: string | undefined, print: Print): Promise<Sink | string> => {
  if (output === undefined) return { write: print, close: () => undefined }
  const { LogFile, LogFileError } = await import("../lifecycle/log-file.ts")
  try {
    const file = new LogFile(output)
    return { write: (bytes) => file.write(bytes), descriptor: file.descriptor, close: () => file.close() }
  } catch (cause) {
    if (cause instanceof LogFileError) return cause.message
    throw cause
  }
}

interface Log {
  readonly log: (ObservationLog & { readonly flush: () => void }) | undefined
  readonly text: TextLog | undefined
  /** Writes lines while others are made. */
  readonly behind?: WriteBehind
}

/** Loads the printer that is wanted alone: the first TextDecoder of a process costs 11 ms. */
async function makeLog(format: ReadOptions["format"], sink: Sink): Promise<Log> {
  const writeText = (text: string): void => sink.write(encoder.encode(text))
  if (format === "none") return { log: undefined, text: undefined }
  if (format === "p0f") {
    if (sink.descriptor === undefined) return { log: new P0fLog(sink.write), text: undefined }
    const { WriteBehind } = await import("./write-behind.ts")
    const behind = new WriteBehind(sink.descriptor, BUFFER_BYTES)
    return { log: new P0fLog(sink.write, (bytes) => behind.take(bytes)), text: undefined, behind }
  }
  if (format === "json") {
    return { log: new HintedLog(new JsonLog(writeText)), text: undefined }
  }
  const text = new TextLog(writeText)
  return { log: new HintedLog(text), text }
}

/** Tells whether stderr can be a terminal: only a character device can. `process.stderr.isTTY` loads Bun's streams, which takes 9 ms. */
const isTerminal = (): boolean => fstatSync(STDERR).isCharacterDevice() && process.stderr.isTTY

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "the process may not read it (check its owner and mode)",
  EPERM: "the process may not read it (check its owner and mode)",
  EISDIR: "it is a directory (name the files in it)"
}

/** The exit code: 0, 1 when a file gave nothing or the output can't be written, 78 for a database that can't be read. */
export async function readCapture(
  options: ReadOptions,
  print: Print = (bytes) => writeAll(STDOUT, bytes)
): Promise<number> {
  const isP0f = options.format === "p0f"
  const mode = isP0f ? "p0f" : "modern"
  const names = options.databases.length > 0 ? options.databases : [isP0f ? P0F_DATABASE : BUILTIN]
  if (isP0f && names.length > 1) {
    complain("--format p0f takes one database, as p0f does (-f once)")
    return 64
  }
  // The thread starts while the database is read.
  const first = DecodeAhead.open(options.files[0]!, isP0f)
  try {
    return await readAll(options, print, mode, names, first)
  } finally {
    first?.close()
  }
}

async function readAll(
  options: ReadOptions,
  print: Print,
  mode: Mode,
  names: ReadonlyArray<string>,
  first: DecodeAhead | undefined
): Promise<number> {
  const isP0f = mode === "p0f"
  const { database, problems } = readDatabaseFiles(names, mode)
  if (database === undefined) {
    for (const { file, line, message } of problems)
      complain(`${file}${line === undefined ? "" : `:${line}`}: ${message}`)
    return 78
  }

  const sink = await openSink(options.output, print)
  if (typeof sink === "string") {
    complain(sink)
    return 1
  }
  const { log, text, behind } = await makeLog(options.format, sink)
  const [maxFlows, maxHosts] = options.limits ?? (isP0f ? P0F_LIMITS : LIMITS)
  const [flowAgeSeconds, hostIdleMinutes] = options.ages ?? (isP0f ? P0F_AGES : AGES)
  const matcher = new Matcher(database, mode, CACHED_FINGERPRINTS)
  const linesOnTerminal = options.output === undefined && options.format !== "none" && process.stdout.isTTY
  const progress = isTerminal() && !linesOnTerminal ? new ReadProgress((bar) => process.stderr.write(bar)) : undefined
  const makeObserver = (): Observer =>
    new Observer({
      mode,
      matcher,
      maxFlows,
      maxHosts,
      flowAgeSeconds,
      hostIdleMinutes,
      ...(log === undefined ? {} : { log })
    })

  let code = 0
  let observer = makeObserver()
  const counts: Array<Observer["counts"]> = []
  try {
    for (const [n, name] of options.files.entries()) {
      // p0f -r knows one file; ours follow hosts from file to file.
      if (isP0f && n > 0) {
        counts.push(observer.counts)
        observer = makeObserver()
      }
      const before = observer.counts.packets
      try {
        const ahead = n === 0 ? first : DecodeAhead.open(name, isP0f)
        // oxlint-disable-next-line no-await-in-loop -- hosts are followed from file to file
        const problem = await replay(name, observer, { ahead, progress, behind })
        if (problem === undefined) continue
        complain(`${name}: ${problem.message}`)
        if (observer.counts.packets === before) code = 1
      } catch (cause) {
        const { code: reason } = cause as NodeJS.ErrnoException
        if (
          reason === undefined ||
          reason === "EPIPE" ||
          reason === "ENOSPC" ||
          reason === "EDQUOT" ||
          reason === "EFBIG" ||
          reason === "EIO"
        )
          throw cause
        complain(`cannot read ${name}: ${WHY[reason] ?? reason}`)
        code = 1
      }
    }
    log?.flush()
    await behind?.end()
    counts.push(observer.counts)
    if (text !== undefined) print(encoder.encode(printReport(counts, text.tally)))
    else if (options.format === "none") print(encoder.encode(printCounts(counts, matcher.stats)))
  } catch (cause) {
    const { code: reason } = cause as NodeJS.ErrnoException
    if (reason === "EPIPE") return code // the reader of our output has seen enough
    if (reason === undefined) throw cause
    complain(
      `cannot write ${options.output ?? "to stdout"}: ${reason === "ENOSPC" ? "no space left on the device" : reason}`
    )
    return 1
  } finally {
    // Whatever ended it: what is being written must not outlive the descriptor.
    await behind?.end().catch(() => undefined)
    sink.close()
  }
  return code
}
