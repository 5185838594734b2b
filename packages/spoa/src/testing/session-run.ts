/** A session without a socket: what HAProxy would send goes in by chunks, what it would get comes out as frames. */
import { Counters } from "../agent/counters.ts"
import type { Frame } from "../protocol/frame.ts"
import { beginReply, endFrame } from "../protocol/frame.ts"
import { Output } from "../protocol/output.ts"
import { type NotifyHandler, Session, type SessionSettings } from "../protocol/session.ts"
import { type AgentFrame, connectionArguments, notify, readFrames, readKeyValues } from "./haproxy-frames.ts"
import { NotifyWalk } from "./notify-walk.ts"

/** Answers with an empty ACK and notes what it was asked. */
export class Recorder implements NotifyHandler {
  readonly seen: Array<Array<string>> = []
  readonly limits: Array<number> = []
  readonly #walk = new NotifyWalk()

  begin(): void {}

  acknowledge(frame: Frame, out: Output, limitBytes: number): boolean {
    const reader = this.#walk
    const text = (at: number, length: number) => Buffer.from(frame.bytes.subarray(at, at + length)).toString("latin1")
    const args: Array<string> = []
    reader.open(frame)
    while (reader.next()) {
      const { type, isTrue, integer, at, length } = reader.value
      const value =
        type === 0
          ? ""
          : type === 1
            ? `${isTrue}`
            : type <= 5
              ? `${integer}`
              : Buffer.from(text(at, length), "latin1").toString("hex")
      args.push(
        `${text(reader.messageAt, reader.messageLength)}.${text(reader.nameAt, reader.nameLength)}:${type}=${value}`
      )
    }
    if (reader.failed) return false
    this.seen.push(args)
    this.limits.push(limitBytes)
    const end = beginReply(out.bytes, out.length, 103, frame)
    endFrame(out.bytes, out.length, end)
    out.length = end
    return true
  }
}

export interface Run {
  readonly frames: Array<AgentFrame>
  readonly seen: Array<Array<string>>
  readonly limits: Array<number>
  readonly session: Session
  readonly counters: Counters
}

/** Feeds chunks to a new session, collects what it sends. */
export function run(
  chunks: ReadonlyArray<Uint8Array>,
  settings: Partial<SessionSettings> = {},
  outputSize?: number
): Run {
  const recorder = new Recorder()
  const counters = new Counters()
  const session = new Session(
    { maxFrameSize: 16380, pipelining: true, unhealthy: () => undefined, ...settings },
    recorder,
    counters
  )
  const output = new Output(outputSize)
  const sent: Array<Uint8Array> = []
  for (const chunk of chunks) {
    // A chunk that is overwritten after the call, as a reused buffer would be: nothing may refer to it later.
    const copy = chunk.slice()
    let at = 0
    do {
      at = session.feed(copy, at, output)
      sent.push(output.bytes.slice(0, output.length))
      output.length = 0
    } while (at < copy.length)
    copy.fill(0xee)
  }
  const { frames, rest } = readFrames(Buffer.concat(sent))
  if (rest !== 0) throw new Error(`${rest} bytes of a frame are missing at the end`)
  return { frames, seen: recorder.seen, limits: recorder.limits, session, counters }
}

export const join = (...parts: ReadonlyArray<Uint8Array>) => new Uint8Array(Buffer.concat(parts))

export const ask = (sid: bigint | number, fid: bigint | number = 1) =>
  notify([{ name: "p0f-msg", args: connectionArguments("127.0.0.1", 55618, "127.0.0.1", 28080) }], { sid, fid })

export const summary = (frames: ReadonlyArray<AgentFrame>) =>
  frames.map((frame) => {
    if (frame.type !== 102) return `${frame.type} ${frame.sid}/${frame.fid}`
    const code = readKeyValues(frame.payload).get("status-code")
    return `102 ${code !== undefined && "v" in code ? code.v : "?"}`
  })
