/** HELLO and DISCONNECT: what is negotiated, and how a session ends. */
import { describe, expect, test } from "bun:test"
import { Counters } from "../agent/counters.ts"
import { Output } from "./output.ts"
import { Session, type SessionSettings } from "./session.ts"
import {
  type Typed,
  buildFrame,
  haproxyHello,
  keyValues,
  readFrames,
  readKeyValues
} from "../testing/haproxy-frames.ts"
import { ask, run, summary, Recorder } from "../testing/session-run.ts"

describe("handshake", () => {
  test("AGENT-HELLO as recommended, byte for byte, for both HAProxys and for health checks", () => {
    const wanted = buildFrame(
      101,
      keyValues([
        ["version", { t: "string", v: "2.0" }],
        ["max-frame-size", { t: "uint32", v: 16380 }],
        ["capabilities", { t: "string", v: "pipelining" }]
      ])
    )
    for (const hello of [
      haproxyHello(),
      haproxyHello({ healthcheck: true }),
      haproxyHello({ capabilities: "pipelining,async" })
    ]) {
      const output = new Output()
      new Session(
        { maxFrameSize: 16380, pipelining: true, unhealthy: () => undefined },
        new Recorder(),
        new Counters()
      ).feed(hello, 0, output)
      expect(Buffer.from(output.bytes.subarray(0, output.length)).toString("hex")).toBe(
        Buffer.from(wanted).toString("hex")
      )
    }
  })

  test("the smaller max-frame-size is answered, and capabilities stay as a key when pipelining is off", () => {
    const small = readKeyValues(run([haproxyHello({ maxFrameSize: 300 })]).frames[0]!.payload)
    expect(small.get("max-frame-size")).toEqual({ t: "uint32", v: 300n })
    const ours = readKeyValues(run([haproxyHello({ maxFrameSize: 65532 })], { pipelining: false }).frames[0]!.payload)
    expect(ours.get("max-frame-size")).toEqual({ t: "uint32", v: 16380n })
    expect(ours.get("capabilities")).toEqual({ t: "string", v: "" })
  })

  test("ACKs have 400 bytes with pipelining, 4096 without, and never more than the frame size", () => {
    const limit = (hello: Uint8Array, settings?: Partial<SessionSettings>) => run([hello, ask(1)], settings).limits[0]
    expect(limit(haproxyHello())).toBe(400)
    expect(limit(haproxyHello({ capabilities: "pipelining,async" }))).toBe(400)
    expect(limit(haproxyHello({ capabilities: "" }))).toBe(4096)
    expect(limit(haproxyHello(), { pipelining: false })).toBe(4096)
    expect(limit(haproxyHello({ maxFrameSize: 256 }))).toBe(260)
    expect(limit(haproxyHello({ capabilities: "xpipelining,pipeliningx" }))).toBe(4096)
  })

  test("a health check fails while the agent says so, connections go on", () => {
    const sick = { unhealthy: () => "agent is stopping" }
    const check = run([haproxyHello({ healthcheck: true })], sick)
    expect(summary(check.frames)).toEqual(["102 99"])
    expect(readKeyValues(check.frames[0]!.payload).get("message")).toEqual({ t: "string", v: "agent is stopping" })
    expect(summary(run([haproxyHello(), ask(1)], sick).frames)).toEqual(["101 0/0", "103 1/1"])
  })

  test("a negative max-frame-size reads as one above ours: our own size is answered", () => {
    const [reply] = run([haproxyHello({ maxFrameSize: -1 })]).frames
    expect(readKeyValues(reply!.payload).get("max-frame-size")).toEqual({ t: "uint32", v: 16380n })
  })

  test("stop ends a greeted session with AGENT-DISCONNECT 0, a new one in silence", () => {
    for (const [input, expected] of [
      [haproxyHello(), ["102 0"]],
      [new Uint8Array(3), []]
    ] as const) {
      const { session } = run([input])
      const output = new Output()
      session.stop(output)
      expect(summary(readFrames(output.bytes.slice(0, output.length)).frames)).toEqual([...expected])
      expect(session.hasEnded).toBe(true)
    }
  })
})

describe("HAPROXY-DISCONNECT", () => {
  test.each<[name: string, codes: ReadonlyArray<Typed>, errors: number]>([
    ["normal", [{ t: "uint32", v: 0 }], 0],
    ["a time-out", [{ t: "int64", v: 2 }], 0],
    ["an invalid frame", [{ t: "uint32", v: 4 }], 1],
    ["a negative code", [{ t: "int32", v: -1 }], 1],
    [
      "a negative code after another: the last counts",
      [
        { t: "int32", v: 0 },
        { t: "int64", v: -1 }
      ],
      1
    ],
    ["a code that is text", [{ t: "string", v: "0" }], 1],
    ["no code", [], 1]
  ])("%s", (_, codes, errors) => {
    const pairs = codes.map((value) => ["status-code", value] as const)
    const { counters, frames } = run([haproxyHello(), buildFrame(2, keyValues(pairs))])
    expect(summary(frames)).toEqual(["101 0/0", "102 0"])
    expect(counters).toMatchObject({ disconnects: 1, disconnectErrors: errors })
  })
})
