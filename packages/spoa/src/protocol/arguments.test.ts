import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { rounds, seededRandom, sharedFile } from "@synprint/core/testing"
import { Arguments } from "./arguments.ts"
import { Frame, readFrame } from "./frame.ts"
import { type KeyValues, type Typed, address, connectionArguments, notify } from "../testing/haproxy-frames.ts"
import { NotifyWalk } from "../testing/notify-walk.ts"

const given = new Arguments()

/** Reads the messages into the one Arguments that all tests reuse, as the agent does. */
function read(...messages: ReadonlyArray<KeyValues>): Arguments {
  const bytes = notify(messages.map((args, index) => ({ name: `m${index}`, args })))
  return readBytes(bytes)
}

function readBytes(bytes: Uint8Array): Arguments {
  const frame = new Frame()
  expect(readFrame(bytes, 0, bytes.length - 4, frame)).toBe(true)
  expect(given.read(frame)).toBe(true)
  return given
}

const keyHex = () => Buffer.from(given.connection.key).toString("hex")

const key = (family: 4 | 6, clientPort: number, serverPort: number, client: string, server: string) => {
  const port = (value: number) => value.toString(16).padStart(4, "0")
  return `0${family}000000${port(clientPort)}${port(serverPort)}${client.padEnd(32, "0")}${server.padEnd(32, "0")}`
}

const text = (v: string): Typed => ({ t: "string", v })

describe("connection", () => {
  const v4 = key(4, 55618, 443, "0a010203", "c0a80001")

  test("the names of this project and those of the seed's configuration", () => {
    read(connectionArguments("10.1.2.3", 55618, "192.168.0.1", 443))
    expect(keyHex()).toBe(v4)
    expect(given).toMatchObject({
      clientFamily: 4,
      serverFamily: 4,
      hasClientPort: true,
      hasServerPort: true,
      viaProxy: false
    })
    read([
      ["ci", address("10.1.2.3")],
      ["cp", { t: "int64", v: 55618 }],
      ["fi", address("192.168.0.1")],
      ["fp", { t: "int64", v: 443 }]
    ])
    expect(keyHex()).toBe(v4)
  })

  test("IPv6", () => {
    read(connectionArguments("2001:db8::17", 1024, "::1", 8443))
    expect(keyHex()).toBe(key(6, 1024, 8443, "20010db8000000000000000000000017", "00000000000000000000000000000001"))
  })

  test("v4-mapped IPv6 is IPv4, on either side and as text", () => {
    const mapped = {
      t: "ipv6",
      v: Uint8Array.from([...Array.from({ length: 10 }, () => 0), 255, 255, 10, 1, 2, 3])
    } as const
    read([
      ["src", mapped],
      ["sport", { t: "int64", v: 55618 }],
      ["dst", text("::ffff:192.168.0.1")],
      ["dport", { t: "int64", v: 443 }]
    ])
    expect(keyHex()).toBe(v4)
  })

  test("addresses as text, ports of every integer type and as digits, arguments in any order and over several messages", () => {
    read(
      [
        ["x", text("ignored")],
        ["dport", { t: "int32", v: 443 }],
        ["", { t: "null" }]
      ],
      [],
      [
        ["sport", text("55618")],
        ["dst", text("192.168.0.1")]
      ],
      [
        ["src", text("10.1.2.3")],
        ["src", address("9.9.9.9")],
        ["sport", { t: "uint64", v: 1 }]
      ]
    )
    expect(keyHex()).toBe(v4)
  })

  test("values that are no port or no address are as if not given", () => {
    const ports: ReadonlyArray<Typed> = [
      { t: "int64", v: 0 },
      { t: "int64", v: -1 },
      { t: "int64", v: 65536 },
      { t: "null" },
      text(""),
      text("80x"),
      text("123456"),
      { t: "bool", v: true }
    ]
    for (const port of ports) {
      read([
        ["src", address("10.1.2.3")],
        ["sport", port]
      ])
      expect(given.hasClientPort).toBe(false)
      expect(keyHex()).toBe(key(4, 0, 0, "0a010203", ""))
    }
    for (const bad of [
      text("unix"),
      text(""),
      { t: "null" },
      { t: "int64", v: 7 },
      { t: "binary", v: new Uint8Array(4) }
    ] as ReadonlyArray<Typed>) {
      read([["src", bad]])
      expect(given.clientFamily).toBe(0)
      expect(keyHex()).toBe("0".repeat(80))
    }
  })

  test("nothing of the previous NOTIFY stays", () => {
    read(connectionArguments("2001:db8::17", 1024, "::1", 8443), [
      ["pp", { t: "bool", v: true }],
      ["ua", text("curl")],
      ["syn", { t: "binary", v: new Uint8Array(60) }]
    ])
    read([["src", address("10.1.2.3")]])
    expect(keyHex()).toBe(key(4, 0, 0, "0a010203", ""))
    expect(given).toMatchObject({ viaProxy: false, userAgentLength: -1, headersLength: -1, serverFamily: 0 })
    expect(given.connection.savedSyn).toBeUndefined()
  })

  test("names that are nearly ours are passed over", () => {
    for (const name of ["Src", "srcx", "sr", "sporT", "xport", "spor", "dpor", "sportt", "hdr", "s", "ssrc", "syn\0"]) {
      read([
        [name, address("10.1.2.3")],
        [name, { t: "int64", v: 443 }],
        [name, text("x")],
        [name, { t: "binary", v: new Uint8Array(60) }]
      ])
      expect(keyHex()).toBe("0".repeat(80))
      expect(given.connection.savedSyn).toBeUndefined()
      expect(given.headersLength).toBe(-1)
    }
  })
})

describe("other arguments", () => {
  test("pp as BOOL, INT and STRING", () => {
    const rows: ReadonlyArray<readonly [Typed, boolean]> = [
      [{ t: "bool", v: true }, true],
      [{ t: "bool", v: false }, false],
      [{ t: "int64", v: 1 }, true],
      [{ t: "int64", v: 0 }, false],
      [text("1"), true],
      [text("0"), false],
      [text(""), false],
      [{ t: "null" }, false]
    ]
    for (const [value, wanted] of rows) {
      read([["pp", value]])
      expect(given.viaProxy).toBe(wanted)
    }
  })

  test("ua and hdrs are ranges of the frame", () => {
    const bytes = notify([
      {
        name: "m",
        args: [
          ["ua", text("curl/7.88.1")],
          ["hdrs", text("host: a\r\nuser-agent: b\r\n\r\n")]
        ]
      }
    ])
    readBytes(bytes)
    const range = (at: number, length: number) => Buffer.from(bytes.subarray(at, at + length)).toString()
    expect(range(given.userAgentAt, given.userAgentLength)).toBe("curl/7.88.1")
    expect(range(given.headersAt, given.headersLength)).toBe("host: a\r\nuser-agent: b\r\n\r\n")
  })

  test("syn: NULL is none, empty is a SYN cookie, one per NOTIFY", () => {
    read([["syn", { t: "null" }]])
    expect(given.connection.savedSyn).toBeUndefined()
    read([["syn", { t: "binary", v: new Uint8Array(0) }]])
    expect(given.connection.savedSyn).toEqual(new Uint8Array(0))
    read([
      ["syn", { t: "binary", v: Uint8Array.of(0x45, 1, 2) }],
      ["syn", { t: "binary", v: Uint8Array.of(9) }]
    ])
    expect([...given.connection.savedSyn!]).toEqual([0x45, 1, 2])
    read([["syn", { t: "binary", v: new Uint8Array(3000).fill(0x45) }]])
    expect(given.connection.savedSyn!.length).toBe(576)
  })

  const path = sharedFile("vectors/spop.json")
  test.skipIf(path === undefined)("saved SYNs that HAProxy 3.5 sent: IPv4, IPv6, Ethernet", () => {
    const { frames } = JSON.parse(readFileSync(path!, "utf8")) as { frames: Array<{ name: string; hex: string }> }
    const syns = frames.filter(({ name }) => name.startsWith("notify-saved-syn"))
    expect(
      syns.map(({ hex }) => {
        readBytes(Buffer.from(hex, "hex"))
        const syn = given.connection.savedSyn!
        return `${syn[0]! >> 4} ${syn.length} ${given.clientFamily} ${given.hasClientPort}`
      })
    ).toEqual(["4 60 4 true", "6 80 6 true", "0 74 4 true"])
  })
})

describe("any order, any damage", () => {
  test("arguments in any order, among others, more than once: the first of each counts", () => {
    const random = seededRandom(7)
    const wanted = makeConnectionKey()
    for (let round = 0; round < rounds(4000); round++) {
      const v4 = random.chance(70)
      const host = () => (v4 ? `10.${random.below(256)}.0.${random.below(256)}` : `2001:db8::${1 + random.below(999)}`)
      const [src, dst] = [host(), host()]
      const [sport, dport] = [random.between(1, 65535), random.between(1, 65535)]
      const asText = (of: string) => (random.once(4) ? text(of) : address(of))
      const port = (of: number): Typed =>
        random.once(4) ? text(String(of)) : { t: random.pick(["int32", "uint32", "int64", "uint64"]), v: of }
      const args: Array<readonly [string, Typed]> = [
        [random.pick(["src", "ci"]), asText(src)],
        [random.pick(["sport", "cp"]), port(sport)],
        [random.pick(["dst", "fi"]), asText(dst)],
        [random.pick(["dport", "fp"]), port(dport)]
      ]
      for (let more = random.below(4); more > 0; more--)
        args.push(
          random.pick([["x".repeat(random.below(300)), text("y")] as const, ["pp", { t: "bool", v: false }] as const])
        )
      args.sort(() => random.below(3) - 1)
      args.push(
        ["src", address("192.0.2.1")],
        ["dport", { t: "int64", v: 1 }],
        ["fi", text("192.0.2.2")],
        ["cp", text("2")]
      )
      const cut = random.below(args.length + 1)
      read(args.slice(0, cut), args.slice(cut))
      expect(parseConnectionKey(src, sport, dst, dport, wanted)).toBe(true)
      expect(keyHex()).toBe(Buffer.from(wanted).toString("hex"))
    }
  })

  test("what a plain walk finds malformed is, and nothing else", () => {
    const random = seededRandom(8)
    const plain = [
      connectionArguments("10.1.2.3", 55618, "192.168.0.1", 443),
      [...connectionArguments("2001:db8::17", 300, "::1", 80), ["pp", { t: "bool", v: true }] as const],
      [["syn", { t: "null" }] as const, ["ua", text("curl")] as const, ["x".repeat(250), text("")] as const]
    ]
    const found = [0, 0]
    const frame = new Frame()
    const walk = new NotifyWalk()
    for (let round = 0; round < rounds(20_000); round++) {
      let bytes = notify([
        { name: "m".repeat(random.once(9) ? 250 : 3), args: random.pick(plain) },
        { name: "", args: random.pick(plain) }
      ]).slice()
      for (let changes = random.below(3); changes > 0; changes--) bytes[random.below(bytes.length)] = random.below(256)
      if (random.once(2)) bytes = bytes.slice(0, 11 + random.below(bytes.length - 11))
      if (!readFrame(bytes, 0, bytes.length - 4, frame)) continue
      walk.open(frame)
      while (walk.next());
      expect(given.read(frame)).toBe(!walk.failed)
      found[walk.failed ? 1 : 0]!++
    }
    expect(Math.min(...found)).toBeGreaterThan(rounds(4000))
  })
})
