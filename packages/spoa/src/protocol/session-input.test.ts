/** Captured and random input, cut in every way. */
import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { rounds, sharedFile } from "@synprint/core/testing"
import { buildFrame, haproxyDisconnect, haproxyHello, notify, typed } from "../testing/haproxy-frames.ts"
import { type Run, ask, join, run, summary } from "../testing/session-run.ts"

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
    for (let round = 0; round < rounds(20_000); round++) {
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
