import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { sharedFile } from "@synprint/core/testing"
import { Counters } from "./counters.ts"
import type { Frame } from "./frame.ts"
import { beginReply, endFrame } from "./frame.ts"
import { Notify } from "./notify.ts"
import { Output } from "./output.ts"
import { type NotifyHandler, Session, type SessionSettings } from "./session.ts"
import {
  type AgentFrame,
  buildFrame,
  connectionArguments,
  haproxyDisconnect,
  haproxyHello,
  keyValues,
  notify,
  readFrames,
  readKeyValues,
  typed,
  varint
} from "./testing/haproxy-frames.ts"

/** Answers with an empty ACK and notes what it was asked. */
class Recorder implements NotifyHandler {
  readonly seen: Array<Array<string>> = []
  readonly limits: Array<number> = []
  readonly #notify = new Notify()

  begin(): void {}

  acknowledge(frame: Frame, out: Output, limitBytes: number): boolean {
    const reader = this.#notify
    const text = (range: { at: number; length: number }) =>
      Buffer.from(frame.bytes.subarray(range.at, range.at + range.length)).toString("latin1")
    const args: Array<string> = []
    reader.open(frame)
    while (reader.next()) {
      const { type, isTrue, integer } = reader.value
      const value =
        type === 0
          ? ""
          : type === 1
            ? `${isTrue}`
            : type <= 5
              ? `${integer}`
              : Buffer.from(text(reader.value), "latin1").toString("hex")
      args.push(`${text(reader.message)}.${text(reader.name)}:${type}=${value}`)
    }
    if (reader.isMalformed) return false
    this.seen.push(args)
    this.limits.push(limitBytes)
    const end = beginReply(out.bytes, out.length, 103, frame)
    endFrame(out.bytes, out.length, end)
    out.length = end
    return true
  }
}

interface Run {
  readonly frames: Array<AgentFrame>
  readonly seen: Array<Array<string>>
  readonly limits: Array<number>
  readonly session: Session
  readonly counters: Counters
}

/** Feeds chunks to a new session, collects what it sends. */
function run(chunks: ReadonlyArray<Uint8Array>, settings: Partial<SessionSettings> = {}, outputSize?: number): Run {
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
  expect(rest).toBe(0)
  return { frames, seen: recorder.seen, limits: recorder.limits, session, counters }
}

const join = (...parts: ReadonlyArray<Uint8Array>) => new Uint8Array(Buffer.concat(parts))

const ask = (sid: bigint | number, fid: bigint | number = 1) =>
  notify([{ name: "p0f-msg", args: connectionArguments("127.0.0.1", 55618, "127.0.0.1", 28080) }], { sid, fid })

const summary = (frames: ReadonlyArray<AgentFrame>) =>
  frames.map((frame) => {
    if (frame.type !== 102) return `${frame.type} ${frame.sid}/${frame.fid}`
    const code = readKeyValues(frame.payload).get("status-code")
    return `102 ${code !== undefined && "v" in code ? code.v : "?"}`
  })

describe("conformance", () => {
  const hello = haproxyHello()
  const long = new Uint8Array(300).fill(0x41)
  const cases: ReadonlyArray<
    readonly [name: string, input: Uint8Array, expected: ReadonlyArray<string>, ended: boolean]
  > = [
    ["hello of 3.5", hello, ["101 0/0"], false],
    ["hello of 2.6", haproxyHello({ capabilities: "pipelining,async" }), ["101 0/0"], false],
    ["health check: one frame, then the end", haproxyHello({ healthcheck: true }), ["101 0/0"], true],
    [
      "health check followed by a NOTIFY that nobody asked for",
      join(haproxyHello({ healthcheck: true }), ask(1)),
      ["101 0/0"],
      true
    ],
    ["hello and two NOTIFYs in one read", join(hello, ask(1), ask(3)), ["101 0/0", "103 1/1", "103 3/1"], false],
    ["stream id 0", join(hello, ask(0)), ["101 0/0", "103 0/1"], false],
    [
      "ids of 2^64 - 1",
      join(hello, ask((1n << 64n) - 1n, (1n << 63n) + 5n)),
      ["101 0/0", `103 ${(1n << 64n) - 1n}/${(1n << 63n) + 5n}`],
      false
    ],
    ["an eleven-byte stream id", join(hello, eleven()), ["101 0/0", "102 4"], true],
    ["NOTIFY before HELLO", ask(1), ["102 4"], true],
    ["DISCONNECT before HELLO", haproxyDisconnect(0, "normal"), ["102 4"], true],
    ["unknown type before HELLO", buildFrame(77, []), ["102 4"], true],
    ["HELLO twice", join(hello, hello, ask(1)), ["101 0/0", "102 4"], true],
    ["LENGTH 0", Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), ["102 4"], true],
    ...[1, 2, 3, 4, 5, 6].map(
      (length) => [`LENGTH ${length}`, Uint8Array.of(0, 0, 0, length), ["102 4"], true] as const
    ),
    ["LENGTH 6 after HELLO", join(hello, Uint8Array.of(0, 0, 0, 6, 3, 0, 0, 0, 1, 1)), ["101 0/0", "102 4"], true],
    [
      "LENGTH 7, the smallest: a NOTIFY without messages",
      join(hello, buildFrame(3, [], { sid: 5, fid: 1 })),
      ["101 0/0", "103 5/1"],
      false
    ],
    ["LENGTH above the limit", Uint8Array.of(0, 0, 0x3f, 0xfd), ["102 3"], true],
    ["LENGTH 2^31 - 1", Uint8Array.of(0x7f, 255, 255, 255), ["102 3"], true],
    ["LENGTH 2^32 - 1", Uint8Array.of(255, 255, 255, 255), ["102 3"], true],
    [
      "LENGTH above what HAProxy negotiated",
      join(haproxyHello({ maxFrameSize: 256 }), Uint8Array.of(0, 0, 1, 1)),
      ["101 0/0", "102 3"],
      true
    ],
    ["LENGTH as negotiated", join(haproxyHello({ maxFrameSize: 256 }), fill(256)), ["101 0/0", "103 1/1"], false],
    ["an HTTP request", Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), ["102 3"], true],
    ["a TLS ClientHello", Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3), ["102 3"], true],
    ["NOTIFY without FIN", join(hello, notify([], { flags: 0 })), ["101 0/0", "102 10"], true],
    ["NOTIFY with FIN and reserved flags", join(hello, notify([], { flags: 0xf1 })), ["101 0/0", "103 1/1"], false],
    [
      "NOTIFY that is given up in the same frame",
      join(hello, notify([], { flags: 3 }), ask(3)),
      ["101 0/0", "103 3/1"],
      false
    ],
    ["UNSET with FIN", join(hello, buildFrame(0, [65, 65])), ["101 0/0", "102 10"], true],
    ["UNSET without FIN", join(hello, buildFrame(0, [65, 65], { flags: 0 })), ["101 0/0", "102 10"], true],
    [
      "UNSET with ABORT: nothing is asked",
      join(hello, buildFrame(0, [], { flags: 3 }), ask(1)),
      ["101 0/0", "103 1/1"],
      false
    ],
    [
      "unknown types are passed over",
      join(hello, buildFrame(77, [1, 2]), buildFrame(103, []), ask(1)),
      ["101 0/0", "103 1/1"],
      false
    ],
    ["DISCONNECT 0", join(hello, ask(1), haproxyDisconnect(0, "normal")), ["101 0/0", "103 1/1", "102 0"], true],
    ["DISCONNECT 2", join(hello, haproxyDisconnect(2, "a timeout occurred")), ["101 0/0", "102 0"], true],
    [
      "DISCONNECT with unknown keys",
      join(
        hello,
        buildFrame(
          2,
          keyValues([
            ["x", { t: "bool", v: true }],
            ["status-code", { t: "int64", v: 4 }]
          ])
        )
      ),
      ["101 0/0", "102 0"],
      true
    ],
    ["DISCONNECT with a broken list", join(hello, buildFrame(2, [5, 1])), ["101 0/0", "102 0"], true],
    ["NOTIFY after DISCONNECT", join(hello, haproxyDisconnect(0, "normal"), ask(1)), ["101 0/0", "102 0"], true],
    ["HELLO without FIN", buildFrame(1, [], { flags: 0 }), ["102 10"], true],
    ["HELLO with ids", buildFrame(1, [], { sid: 1 }), ["102 4"], true],
    ["HELLO that is empty", buildFrame(1, []), ["102 5"], true],
    ["HELLO without max-frame-size", helloOf([versions("2.0"), caps("")]), ["102 6"], true],
    ["HELLO without capabilities", helloOf([versions("2.0"), size(16380)]), ["102 7"], true],
    ["HELLO of version 1.0", haproxyHello({ versions: "1.0" }), ["102 8"], true],
    ["HELLO of version 3.0", haproxyHello({ versions: "3.0,12.0" }), ["102 8"], true],
    ["HELLO of version 2 without minor", haproxyHello({ versions: "2" }), ["102 8"], true],
    ["HELLO of an empty version list", haproxyHello({ versions: "" }), ["102 8"], true],
    ["HELLO of several versions with blanks", haproxyHello({ versions: "1.0 ,  2.3 , 3.0" }), ["101 0/0"], false],
    ["HELLO with frames below 256", haproxyHello({ maxFrameSize: 255 }), ["102 9"], true],
    ["HELLO with frames of 256", haproxyHello({ maxFrameSize: 256 }), ["101 0/0"], false],
    [
      "HELLO with unknown keys of every type",
      helloOf([
        versions("2.0"),
        ["a", { t: "null" }],
        ["b", { t: "bool", v: false }],
        ["c", { t: "int32", v: -1 }],
        ["", { t: "uint64", v: (1n << 64n) - 1n }],
        ["d", { t: "ipv4", v: new Uint8Array(4) }],
        ["e", { t: "ipv6", v: new Uint8Array(16) }],
        ["f", { t: "binary", v: long }],
        size(16380),
        caps("x,pipelining")
      ]),
      ["101 0/0"],
      false
    ],
    [
      "HELLO whose value has a reserved type",
      buildFrame(1, [...keyValues([versions("2.0")]), 1, 65, 10]),
      ["102 4"],
      true
    ],
    [
      "HELLO whose string runs past the frame",
      buildFrame(1, [...keyValues([versions("2.0")]), 1, 65, 8, 200, 1]),
      ["102 4"],
      true
    ],
    ["HELLO whose version is a number", helloOf([["supported-versions", { t: "uint32", v: 2 }]]), ["102 4"], true],
    [
      "HELLO whose size is a string",
      helloOf([versions("2.0"), ["max-frame-size", { t: "string", v: "16380" }], caps("")]),
      ["102 4"],
      true
    ],
    [
      "NOTIFY whose string runs past the frame",
      join(hello, ask(1), buildFrame(3, [1, 65, 1, 1, 66, 8, 9, 1], { sid: 3, fid: 1 })),
      ["101 0/0", "103 1/1", "102 4"],
      true
    ],
    [
      "NOTIFY with a string length of 2^64 - 1",
      join(hello, buildFrame(3, [1, 65, 1, 1, 66, 8, ...varint(-1n)])),
      ["101 0/0", "102 4"],
      true
    ],
    [
      "NOTIFY with an eleven-byte integer",
      join(hello, buildFrame(3, [1, 65, 1, 1, 66, 4, ...Array.from({ length: 11 }, () => 255), 0])),
      ["101 0/0", "102 4"],
      true
    ],
    [
      "NOTIFY with fewer arguments than it counts",
      join(hello, buildFrame(3, [1, 65, 2, 1, 66, 0])),
      ["101 0/0", "102 4"],
      true
    ],
    ["NOTIFY that ends after the message name", join(hello, buildFrame(3, [1, 65])), ["101 0/0", "102 4"], true],
    [
      "NOTIFY with 255 arguments",
      join(
        hello,
        notify([{ name: "m", args: Array.from({ length: 255 }, (_, index) => [`a${index}`, { t: "null" }] as const) }])
      ),
      ["101 0/0", "103 1/1"],
      false
    ]
  ]

  test.each(cases)("%s", (_, input, expected, ended) => {
    const whole = run([input])
    expect(summary(whole.frames)).toEqual([...expected])
    expect(whole.session.hasEnded).toBe(ended)
    expect(whole.frames.every((frame) => frame.flags === 1)).toBe(true)
    // The same in every split into two, and byte by byte.
    for (let cut = 1; cut < Math.min(input.length, 400); cut++) {
      expect(summary(run([input.subarray(0, cut), input.subarray(cut)]).frames)).toEqual([...expected])
    }
    expect(summary(run([...input].map((byte) => Uint8Array.of(byte))).frames)).toEqual([...expected])
  })

  function versions(list: string) {
    return ["supported-versions", { t: "string", v: list }] as const
  }
  function size(value: number) {
    return ["max-frame-size", { t: "uint32", v: value }] as const
  }
  function caps(list: string) {
    return ["capabilities", { t: "string", v: list }] as const
  }
  function helloOf(pairs: Parameters<typeof keyValues>[0]) {
    return buildFrame(1, keyValues(pairs))
  }
  /** A NOTIFY of exactly this LENGTH. */
  function fill(length: number) {
    const head = [1, 65, 1, 1, 66, 9]
    const data = length - 7 - head.length - 2
    return buildFrame(3, [...head, ...varint(data), ...Array.from({ length: data }, () => 0)], { sid: 1, fid: 1 })
  }
  function eleven() {
    return Uint8Array.from([0, 0, 0, 5 + 12, 3, 0, 0, 0, 1, ...Array.from({ length: 10 }, () => 255), 1, 1])
  }
})

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

describe("input", () => {
  const path = sharedFile("vectors/spop.json")
  interface Vector {
    name: string
    hex: string
    decoded: {
      type: number
      flags: number
      streamId: string
      frameId: string
      messages?: Array<{ name: string; args: Array<[string, { t: string; v?: unknown }]> }>
    }
  }
  const vectors = path === undefined ? [] : (JSON.parse(readFileSync(path, "utf8")) as { frames: Array<Vector> }).frames

  test.skipIf(path === undefined)("every NOTIFY of the vectors is read as decoded, in every split", () => {
    const notifies = vectors.filter(({ decoded }) => decoded.type === 3 && decoded.flags === 1)
    expect(notifies.length).toBeGreaterThanOrEqual(8)
    const hello = haproxyHello()
    for (const { hex, decoded } of notifies) {
      const frame = new Uint8Array(Buffer.from(hex, "hex"))
      const types = ["null", "bool", "int32", "uint32", "int64", "uint64", "ipv4", "ipv6", "string", "binary"]
      const wanted = decoded.messages!.flatMap(({ name, args }) =>
        args.map(([arg, value]) => `${name}.${arg}:${types.indexOf(value.t)}`)
      )
      const check = (result: Run) => {
        expect(summary(result.frames)).toEqual(["101 0/0", `103 ${decoded.streamId}/${decoded.frameId}`])
        expect(result.seen[0]!.map((text) => text.slice(0, text.indexOf("=")))).toEqual(wanted)
      }
      const whole = run([join(hello, frame)])
      check(whole)
      for (let cut = 1; cut < frame.length; cut++) {
        const parts = run([hello, frame.subarray(0, cut), frame.subarray(cut)])
        check(parts)
        expect(parts.seen).toEqual(whole.seen)
      }
    }
  })

  test.skipIf(path === undefined)("the whole conversation of the vectors, in every split", () => {
    const named = (prefix: string) => {
      const found = vectors.find(({ name }) => name.startsWith(prefix))
      if (found === undefined) throw new Error(`no vector ${prefix}`)
      return Buffer.from(found.hex, "hex")
    }
    const conversation = join(
      named("haproxy-hello-2.6"),
      named("notify-2.6 first"),
      named("notify-2.6 second"),
      named("notify-three-messages"),
      named("haproxy-disconnect 2")
    )
    const wanted = ["101 0/0", "103 0/1", "103 2/1", "103 1/1", "102 0"]
    for (let first = 0; first <= conversation.length; first++) {
      const result = run([conversation.subarray(0, first), conversation.subarray(first)])
      expect(summary(result.frames)).toEqual(wanted)
      expect(result.counters).toMatchObject({
        hellos: 1,
        notifies: 3,
        acks: 3,
        disconnects: 1,
        agentDisconnects: 1,
        refusals: 0
      })
    }
    expect(summary(run([...conversation].map((byte) => Uint8Array.of(byte))).frames)).toEqual(wanted)
  })

  test.skipIf(path === undefined)("captured values arrive exactly", () => {
    const frame = Buffer.from(vectors.find(({ name }) => name === "notify-typed-args")!.hex, "hex")
    const [args] = run([join(haproxyHello(), frame)]).seen
    const decoded = vectors.find(({ name }) => name === "notify-typed-args")!.decoded.messages![0]!.args
    for (const [index, [name, { t, v }]] of decoded.entries()) {
      const got = args![index]!
      expect(got).toStartWith(`p0f-msg.${name}:`)
      if (t === "int64" && !String(v).startsWith("-")) expect(got).toEndWith(`=${Number(v)}`)
      if (t === "bool") expect(got).toEndWith(`=${String(v)}`)
      if (t === "string") expect(got).toEndWith(`=${Buffer.from(String(v)).toString("hex")}`)
    }
  })

  test.skipIf(path === undefined)("captured fragments: the first one ends the session with 10", () => {
    const fragments = vectors
      .filter(({ name }) => name.startsWith("fragment"))
      .map(({ hex }) => Buffer.from(hex, "hex"))
    expect(fragments.length).toBe(3)
    expect(summary(run([join(haproxyHello(), ...fragments)]).frames)).toEqual(["101 0/0", "102 10"])
  })

  test("a full output stops the reading and loses nothing", () => {
    const count = 2000
    const input = join(haproxyHello(), ...Array.from({ length: count }, (_, index) => ask(2 * index + 1)))
    const result = run([input], {}, 4400)
    expect(summary(result.frames)).toEqual([
      "101 0/0",
      ...Array.from({ length: count }, (_, index) => `103 ${2 * index + 1}/1`)
    ])
    const split = run([input.subarray(0, 70_000), input.subarray(70_000)], {}, 4400)
    expect(summary(split.frames)).toEqual(summary(result.frames))
  })

  test("random bytes, random cuts and random changes never throw, hang or flood", () => {
    let state = 2463534242
    const random = (below: number) => {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      return (state >>> 0) % below
    }
    const valid = [
      haproxyHello(),
      ask(1),
      ask(300),
      notify([{ name: "m", args: [["s", { t: "string", v: "x".repeat(300) }]] }]),
      haproxyDisconnect(0, "normal")
    ]
    for (let round = 0; round < 20_000; round++) {
      const parts = [haproxyHello()]
      if (random(4) === 0) parts.pop()
      for (let count = random(4); count >= 0; count--) {
        if (random(3) === 0) parts.push(Uint8Array.from({ length: random(60) }, () => random(256)))
        else {
          const frame = valid[random(valid.length)]!.slice()
          for (let changes = random(4); changes > 0; changes--) frame[random(frame.length)] = random(256)
          parts.push(frame.subarray(0, random(5) === 0 ? random(frame.length) : frame.length))
        }
      }
      const input = join(...parts)
      const chunks: Array<Uint8Array> = []
      for (let at = 0; at < input.length;) {
        const length = 1 + random(input.length)
        chunks.push(input.subarray(at, at + length))
        at += length
      }
      const result = run(chunks)
      // At most one answer for each 11 bytes, and the greeting and the farewell.
      expect(result.frames.length).toBeLessThanOrEqual(2 + input.length / 11)
      for (const frame of result.frames) expect(frame.size).toBeLessThanOrEqual(160)
      expect(summary(result.frames)).toEqual(summary(run([input]).frames))
    }
  })

  test("typed values of the reference builder are read whatever their type", () => {
    const values = [
      { t: "int64", v: -5n },
      { t: "bool", v: true },
      { t: "ipv6", v: new Uint8Array(16).fill(1) }
    ] as const
    const payload = [1, 65, values.length]
    for (const value of values) payload.push(1, 66, ...typed(value))
    const [args] = run([join(haproxyHello(), buildFrame(3, payload, { sid: 1 }))]).seen
    expect(args).toEqual(["A.B:4=18446744073709552000", "A.B:1=true", `A.B:7=${"01".repeat(16)}`])
  })
})
