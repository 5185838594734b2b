import { expect, test } from "bun:test"
import { decodeFrame } from "../../packet/frame.ts"
import { LINKTYPE_ETHERNET } from "../../packet/link.ts"
import { Packet } from "../../packet/packet.ts"
import { VERDICT_TCP } from "../../packet/verdict.ts"
import { synFrame } from "../../testing/layers.ts"
import { signaturePacket } from "../../testing/signature-packet.ts"
import type { PacketFields } from "../../testing/packets.ts"
import { BUILTIN, BUILTIN_DATABASE } from "./builtin.ts"
import { readDatabases } from "./reader.ts"
import type { TcpSignature } from "./database.ts"
import { differences } from "../explain/difference.ts"
import { parseSubject } from "../explain/subject.ts"
import { Matcher } from "../matching/matcher.ts"
import { type TcpFingerprint } from "../matching/fingerprint.ts"
import { type Direction, REQUEST, RESPONSE } from "../direction.ts"
import { ParseError } from "../parse-error.ts"
import { contradict } from "./stack-family.ts"

const reading = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
const database = reading.database!
const matcher = new Matcher(database, "modern", 256)

function fingerprintOf(fields: PacketFields, direction: Direction = REQUEST): TcpFingerprint {
  const frame = synFrame(fields)
  const packet = new Packet()
  expect(decodeFrame(frame, 0, frame.length, frame.length, LINKTYPE_ETHERNET, packet)).toBe(VERDICT_TCP)
  return matcher.fingerprintOf(packet, direction, direction === RESPONSE ? 1460 : 0)
}

const LINUX = (mss: number, scale: number): string => `mss=${mss},sok,ts=1,nop,ws=${scale}`
const WINDOWS = "mss=1460,nop,ws=8,nop,nop,sok"
const APPLE = (mss: number): string => `mss=${mss},nop,ws=6,nop,nop,ts=1,sok,eol+1`
const V6 = { ver: 6, flowLabel: 0x12345 } as const

// Sender, SYN, os, link, match quality (1 fuzzy, 2 generic), hops.
const SYNS: ReadonlyArray<
  readonly [
    sender: string,
    PacketFields,
    os: string | undefined,
    link: string | undefined,
    quality: number,
    hops: number
  ]
> = [
  ["Linux 6.18", { win: 64240, options: LINUX(1460, 10) }, "Linux 4.20 or newer", "Ethernet", 0, 0],
  ["Linux 6.18, IPv6", { ...V6, win: 64800, options: LINUX(1440, 10) }, "Linux 4.20 or newer", "Ethernet", 0, 0],
  [
    "Linux, MTU 1420",
    { win: 64860, ttl: 52, options: LINUX(1380, 7) },
    "Linux 4.20 or newer",
    "WireGuard or T-Mobile US",
    0,
    12
  ],
  [
    "the same, IPv6",
    { ...V6, win: 65280, ttl: 52, options: LINUX(1360, 7) },
    "Linux 4.20 or newer",
    "WireGuard or T-Mobile US",
    0,
    12
  ],
  ["Linux, clamped", { win: 64240, options: LINUX(1400, 7) }, "Linux 4.20 or newer", "OpenVPN or mobile", 0, 0],
  ["Linux, ECN", { win: 64240, flags: "SEC", options: LINUX(1460, 7) }, "Linux 4.20 or newer", "Ethernet", 0, 0],
  [
    "Linux, no timestamps",
    { win: 64240, options: "mss=1460,nop,nop,sok,nop,ws=7" },
    "Linux 4.20 or newer",
    "Ethernet",
    0,
    0
  ],
  [
    "Linux, Fast Open",
    { win: 64240, options: `${LINUX(1460, 7)},?34=,nop,nop`, payload: "GET / " },
    "Linux 4.20 or newer",
    "Ethernet",
    0,
    0
  ],
  ["Linux 6.8", { win: 32120, options: LINUX(1460, 7) }, "Linux 6.6 to 6.9", "Ethernet", 0, 0],
  ["Linux 4.15", { win: 29200, options: LINUX(1460, 7) }, "Linux 3.11 to 4.19", "Ethernet", 0, 0],
  ["Linux 3.2", { win: 14600, options: LINUX(1460, 6) }, "Linux 2.6.39 to 3.10", "Ethernet", 0, 0],
  ["Linux 2.6.18", { win: 5840, options: LINUX(1460, 2) }, "Linux 2.4 to 2.6.38", "Ethernet", 0, 0],
  ["Linux, SO_RCVBUF", { win: 40000, options: LINUX(1460, 2) }, "Linux", "Ethernet", 2, 0],
  ["Android", { win: 65535, ttl: 49, options: LINUX(1420, 9) }, "Linux or Android", "Google Cloud or DS-Lite", 0, 15],
  ["Windows 11", { win: 64240, ttl: 117, options: WINDOWS }, "Windows 10, 11 or Server 2016+", "Ethernet", 0, 11],
  [
    "Windows 11, IPv6",
    { ...V6, flowLabel: 0, win: 64800, ttl: 117, options: "mss=1440,nop,ws=8,nop,nop,sok" },
    "Windows 10, 11 or Server 2016+",
    "Ethernet",
    0,
    11
  ],
  ["Windows 10, 65535", { win: 65535, ttl: 128, options: WINDOWS }, "Windows 10, 11 or Server 2016+", "Ethernet", 0, 0],
  ["Windows 7", { win: 8192, ttl: 120, options: WINDOWS }, "Windows 7 to 10", "Ethernet", 0, 8],
  [
    "Windows, no scaling",
    { win: 64240, ttl: 128, options: "mss=1460,nop,nop,sok" },
    "Windows XP, or 10/11 no scaling",
    "Ethernet",
    0,
    0
  ],
  ["macOS", { win: 65535, id: 0, options: APPLE(1460) }, "Mac OS X or iOS", "Ethernet", 0, 0],
  ["macOS, IPv6", { ...V6, win: 65535, options: APPLE(1440) }, "Mac OS X or iOS", "Ethernet", 0, 0],
  [
    "iOS, ECN",
    { win: 65535, id: 0, flags: "SEC", ttl: 50, options: APPLE(1400) },
    "Mac OS X or iOS",
    "mobile or OpenVPN or WireGuard",
    0,
    14
  ],
  ["FreeBSD", { win: 65535, options: "mss=1460,nop,ws=6,sok,ts=1" }, "FreeBSD 9 or newer", "Ethernet", 0, 0],
  [
    "OpenBSD",
    { win: 16384, options: "mss=1460,nop,nop,sok,nop,ws=6,nop,nop,ts=1" },
    "OpenBSD 5 or newer",
    "Ethernet",
    0,
    0
  ],
  ["nmap -sS", { win: 1024, ttl: 41, df: false, options: "mss=1460" }, "Nmap SYN scan", "Ethernet", 0, 23],
  [
    "nmap -O",
    { win: 63, ttl: 41, df: false, ack: 0x1000, options: "mss=1400,ws=0,sok,ts=1,eol+0" },
    "Nmap OS detection",
    "mobile or OpenVPN or WireGuard",
    0,
    23
  ],
  ["masscan", { win: 1024, ttl: 240, df: false }, "masscan", undefined, 0, 15],
  ["gVisor", { win: 29184, id: 0, options: LINUX(1460, 7) }, "gVisor netstack", "Ethernet", 0, 0],
  [
    "gVisor, WireGuard",
    { win: 27520, id: 0, options: LINUX(1380, 7) },
    "gVisor netstack",
    "WireGuard or T-Mobile US",
    0,
    0
  ],
  [
    "Linux 4.15 whose IP ID was blanked",
    { win: 28160, id: 0, options: LINUX(1408, 7) },
    "Linux 3.11 to 4.19",
    undefined,
    1,
    0
  ],
  ["Linux, PPPoE and a VPN", { win: 65340, options: LINUX(1412, 7) }, "Linux 4.20 or newer", "PPPoE with tunnel", 0, 0],
  [
    "Linux, record route",
    { win: 64240, ipOptions: new Uint8Array(8), options: LINUX(1460, 7) },
    "Linux 4.20 or newer",
    "Ethernet",
    0,
    0
  ],
  [
    "Linux, tcp_rmem of old",
    { win: 42780, options: LINUX(1380, 7) },
    "Linux 4.20 or newer",
    "WireGuard or T-Mobile US",
    0,
    0
  ],
  [
    "Linux 6.8, MTU 1420",
    { win: 31740, options: LINUX(1380, 7) },
    "Linux 6.6 to 6.9",
    "WireGuard or T-Mobile US",
    0,
    0
  ],
  [
    "Android, timestamps blanked",
    { win: 65535, options: "mss=1400,sok,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,nop,ws=9" },
    "Linux or Android",
    "mobile or OpenVPN or WireGuard",
    0,
    0
  ],
  ["Android, MSS 1285", { win: 65535, options: LINUX(1285, 9) }, "Linux or Android", undefined, 0, 0],
  [
    "iOS, timestamps removed",
    { win: 65535, id: 0, options: "mss=1400,nop,ws=6,sok,eol+1" },
    "Mac OS X or iOS",
    "mobile or OpenVPN or WireGuard",
    0,
    0
  ],
  [
    "macOS, Fast Open",
    { win: 65535, id: 0, options: "mss=1460,nop,ws=6,nop,nop,ts=1,sok,?34=", payload: "x" },
    "Mac OS X or iOS",
    "Ethernet",
    0,
    0
  ],
  [
    "Windows 11, clamped",
    { win: 64240, ttl: 120, options: "mss=1300,nop,ws=8,nop,nop,sok" },
    "Windows 10, 11 or Server 2016+",
    "mobile or other",
    0,
    8
  ],
  ["Mirai", { win: 12345, df: false, seq: 0xc6336407 }, "Mirai scanner", undefined, 0, 0],
  [
    "the same but another address",
    { win: 12345, df: false, seq: 0xc6336408 },
    "crafted SYN no options",
    undefined,
    2,
    191
  ],
  ["nobody known", { win: 4321, options: "sok,mss=1460,ts=1" }, undefined, "Ethernet", 0, 0]
]

for (const [sender, fields, os, link, quality, hops] of SYNS) {
  test(`SYN of ${sender}`, () => {
    const fingerprint = fingerprintOf(fields)
    expect([fingerprint.os, fingerprint.link, fingerprint.osMatchQ, fingerprint.dist]).toEqual([
      os,
      link,
      quality,
      hops
    ])
  })
}

test("SYN+ACK of Linux 6.18", () => {
  const flags = "SA"
  expect(
    fingerprintOf({ flags, ack: 1, id: 0, win: 65160, options: "mss=1460,sok,ts=1:1,nop,ws=10" }, RESPONSE).os
  ).toBe("Linux 4.20 or newer")
  expect(
    fingerprintOf({ ...V6, flags, ack: 1, win: 64260, options: "mss=1440,sok,ts=1:1,nop,ws=10" }, RESPONSE).os
  ).toBe("Linux 4.20 or newer")
  expect(
    fingerprintOf({ flags, ack: 1, id: 0, win: 64240, options: "mss=1460,nop,nop,sok,nop,ws=7" }, RESPONSE).os
  ).toBe("Linux 4.20 or newer")
})

test("reads in modern mode without a warning", () => {
  expect(reading.problems).toEqual([])
  expect(database.warnings).toEqual([])
  expect(database.requests.length).toBeGreaterThan(60)
})

for (const direction of [REQUEST, RESPONSE] as const) {
  const lines = direction === REQUEST ? database.requests : database.responses
  const examplesOf = (line: TcpSignature): ReadonlyArray<string> => line.attributes.get("example")?.split(" ") ?? []

  test(`every line answers for an example of its own (${direction === REQUEST ? "SYN" : "SYN+ACK"})`, () => {
    for (const line of lines) {
      const matches = examplesOf(line).map((example) =>
        matcher.fingerprintOf(signaturePacket(example, direction), direction, 0)
      )
      expect([line.line, matches.some(({ match, fuzzy }) => match === line && !fuzzy)]).toEqual([line.line, true])
      // An example of `ts~` may be that of its sibling.
      for (const { match } of matches) expect([line.line, match?.line]).toEqual([line.line, line.line])
    }
  })

  test(`no line would answer for an example of another family (${direction === REQUEST ? "SYN" : "SYN+ACK"})`, () => {
    for (const line of lines) {
      for (const example of examplesOf(line)) {
        const subject = parseSubject(example)
        if (subject instanceof ParseError) throw new Error(`${example}: ${subject.message}`)
        for (const other of lines) {
          if (!contradict(line.families, other.families)) continue
          const claims = differences(other.signature, subject, direction).length === 0
          expect([example, claims ? other.title : ""]).toEqual([example, ""])
        }
      }
    }
  })
}

test("p0f mode names the line that p0f would not read", () => {
  const { problems } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "p0f")
  expect(problems.map(({ message }) => message)).toContain(
    "wsize: p0f does not know mss*max: use mode = modern or a number"
  )
})

const ATTRIBUTES = [
  "evidence",
  "source",
  "date",
  "note",
  "clock",
  "family",
  "kind",
  "origin",
  "weight",
  "ver",
  "example",
  "middlebox"
]

test("every line says what it rests on", () => {
  const kinds = new Set(["measured", "field", "source", "documented", "derived"])
  for (const { attributes, file, line } of [...database.requests, ...database.responses, ...database.linkLines]) {
    expect([`${file}:${line}`, kinds.has(attributes.get("evidence") ?? ""), attributes.has("source")]).toEqual([
      `${file}:${line}`,
      true,
      true
    ])
    for (const name of attributes.keys()) expect(ATTRIBUTES).toContain(name)
  }
})

test("names fit into the 32 bytes of p0f's API", () => {
  for (const name of [...database.names, ...database.links.values()]) expect(name.length).toBeLessThan(32)
  for (const { label } of [...database.requests, ...database.responses])
    expect((label.flavor ?? "").length).toBeLessThan(32)
})

test("only old Linux has one clock per host", () => {
  const titles = new Set(
    [...database.requests, ...database.responses].filter(({ clock }) => clock).map(({ title }) => title)
  )
  expect([...titles].sort()).toEqual(["Linux 2.4 to 2.6.38", "Linux 2.6.39 to 3.10"])
})
