import { expect, test } from "bun:test"
import { Packet } from "../../packet/packet.ts"
import { signaturePacket } from "../../testing/signature-packet.ts"
import { readDatabases } from "../database/reader.ts"
import type { Database } from "../database/database.ts"
import { Matcher } from "./matcher.ts"
import { printRawSignature } from "../signature/raw-signature.ts"
import { type TcpFingerprint } from "./fingerprint.ts"
import { REQUEST, RESPONSE } from "../direction.ts"
import type { Mode } from "../mode.ts"

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function database(mode: Mode, ...texts: ReadonlyArray<string>): Database {
  const files = texts.map((text, at) => ({ name: `${at}.fp`, text: `classes = unix,win\n${text}` }))
  const { database: read, problems } = readDatabases(files, mode)
  expect(problems).toEqual([])
  return read!
}

const label = (text: string, ...sigs: ReadonlyArray<string>): string =>
  `label = ${text}\n${text.includes(":!:") ? "sys = @unix\n" : ""}${sigs.map((sig) => `sig = ${sig}\n`).join("")}`
const requests = (...labels: ReadonlyArray<string>): string => `[tcp:request]\n${labels.join("")}`

/** The fingerprint of the SYN that prints as `raw`. */
function fingerprint(mode: Mode, raw: string, ...texts: ReadonlyArray<string>): TcpFingerprint {
  return new Matcher(database(mode, ...texts), mode, 4).fingerprintOf(signaturePacket(raw), REQUEST, 0)
}

/** `os dist params`, as the log says it. */
const log = (of: TcpFingerprint): string =>
  decode(of.logSuffix)
    .replace(/\|raw_sig=.*/, "")
    .slice(1)

const LINUX = label("s:unix:Linux:new", "*:64:0:*:mss*20,7:mss,sok,ts,nop,ws:df,id+:0")
const GENERIC = label("g:unix:Linux:", "*:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0")
const SYN = "4:57+7:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0"

for (const mode of ["p0f", "modern"] as const) {
  test(`specific before generic before fuzzy, whatever the order (${mode})`, () => {
    expect(log(fingerprint(mode, SYN, requests(GENERIC, LINUX)))).toBe("os=Linux new|dist=7|params=none")
    expect(log(fingerprint(mode, SYN, requests(GENERIC)))).toBe("os=Linux|dist=7|params=generic")
    const fuzzy = label("s:unix:Fuzzy:", "*:64:0:*:*,*:mss,sok,ts,nop,ws:df:0", "4:64:0:*:*,*:mss,sok,ts,nop,ws::0")
    expect(log(fingerprint(mode, SYN, requests(fuzzy, GENERIC)))).toBe("os=Linux|dist=7|params=generic")
    expect(log(fingerprint(mode, SYN, requests(fuzzy)))).toBe("os=???|dist=7|params=none")
    const without = SYN.replace("df,id+", "")
    expect(log(fingerprint(mode, without, requests(fuzzy)))).toBe("os=Fuzzy|dist=7|params=none")
    expect(log(fingerprint(mode, without, requests(LINUX)))).toBe("os=Linux new|dist=7|params=fuzzy")
    const both = fingerprint(mode, without, requests(GENERIC))
    expect([log(both), both.osMatchQ]).toEqual(["os=Linux|dist=7|params=generic fuzzy", 3])
  })

  test(`quirks: df and id+ may be missing, id- and ecn may appear (${mode})`, () => {
    const linux = requests(LINUX)
    const quirks = (text: string): boolean | undefined => {
      const found = fingerprint(mode, SYN.replace("df,id+", text), linux)
      return found.match === undefined ? undefined : found.fuzzy
    }
    expect(quirks("df,id+")).toBe(false)
    for (const near of ["df", "id+", "", "df,id-", "id-", "df,id+,ecn", "ecn", "id-,ecn"])
      expect(quirks(near)).toBe(true)
    for (const far of ["df,id+,0+", "df,id+,seq-", "df,id+,bad", "df,id+,ack+"]) expect(quirks(far)).toBeUndefined()
  })

  test(`a TTL out of reach is fuzzy; its distance is guessed (${mode})`, () => {
    const at = (raw: string): string => log(fingerprint(mode, SYN.replace("57+7", raw), requests(LINUX)))
    expect(at("29+3")).toBe("os=Linux new|dist=35|params=none")
    expect(at("28+4")).toBe("os=Linux new|dist=4|params=fuzzy")
    expect(at("65+?")).toBe("os=Linux new|dist=63|params=fuzzy excess_dist")
    expect(at("64+0")).toBe("os=Linux new|dist=0|params=none")
  })

  test(`a random TTL is an upper bound (${mode})`, () => {
    const tool = requests(label("s:unix:Tool:", "*:64-:0:1460:1024,0:mss::0"))
    const near = fingerprint(mode, "4:20+12:0:1460:1024,0:mss::0", tool)
    expect([log(near), near.randomTtl]).toEqual(["os=Tool|dist=<= 44|params=random_ttl excess_dist", true])
    expect(fingerprint(mode, "4:65+?:0:1460:1024,0:mss::0", tool).match).toBeUndefined()
  })

  test(`windows: literal, %N, mss*N, mtu*N and * (${mode})`, () => {
    const win = (sig: string, raw: string): boolean => {
      const lines = requests(label("s:unix:A:", `*:64:0:*:${sig},0:mss::0`))
      return fingerprint(mode, `4:64+0:0:1400:${raw},0:mss::0`, lines).match !== undefined
    }
    expect([win("8192", "8192"), win("8192", "8191")]).toEqual([true, false])
    expect([win("%512", "8192"), win("%512", "0"), win("%512", "8191")]).toEqual([true, true, false])
    expect([win("mss*4", "5600"), win("mss*4", "5840"), win("mss*4", "7000"), win("mss*4", "mtu*4")]).toEqual([
      true,
      true,
      false,
      false
    ])
    expect([win("mtu*4", "5760"), win("mtu*4", "6000"), win("mtu*4", "5600")]).toEqual([true, true, false])
    expect([win("*", "1"), win("*", "0")]).toEqual([true, true])
  })

  test(`TOS, fuzzy and class ! in the log (${mode})`, () => {
    const packet = signaturePacket(SYN)
    packet.tos = 0x2e
    const matcher = new Matcher(database(mode, requests(label("g:!:Tool:x|y", SYN.replace("57+7", "64")))), mode, 4)
    const found = matcher.fingerprintOf(packet, REQUEST, 0)
    expect(decode(found.logSuffix)).toBe(`|app=Tool x|y|dist=7|params=generic tos:0x2e|raw_sig=${SYN}`)
    expect([found.userland, found.osMatchQ, found.os]).toEqual([true, 2, "Tool x|y"])
    packet.tos = 1
    expect(log(matcher.fingerprintOf(packet, REQUEST, 0))).toContain("tos:0x01")
  })

  test(`later files win within a tier, first lines within a file (${mode})`, () => {
    const sig = SYN.replace("57+7", "64").replace("4:", "*:")
    const other = (name: string): string => label(`s:unix:${name}:`, sig)
    const generic = (name: string): string => label(`g:unix:${name}:`, sig)
    const fuzzy = (name: string): string =>
      label(`s:unix:${name}:`, sig.replace("df,id+", "df,id+").replace(":64:", ":255:"))
    const winner = (...files: ReadonlyArray<string>): string | undefined => fingerprint(mode, SYN, ...files).os
    expect(winner(requests(other("A")), requests(other("B")))).toBe("B")
    expect(winner(requests(other("A")), requests(generic("B")))).toBe("A")
    expect(winner(requests(generic("A")), requests(generic("B"), generic("C")))).toBe("B")
    expect(winner(requests(generic("A")), requests(fuzzy("B")))).toBe("A")
    expect(winner(requests(fuzzy("A")), requests(fuzzy("B"), fuzzy("C")))).toBe("B")
    expect(winner(requests(other("A")), requests(fuzzy("B"), generic("C")), requests(fuzzy("D")))).toBe("A")
    expect(winner(requests(other("A")), requests(LINUX.replace("mss*20", "mss*19")))).toBe("A")
  })

  test(`scale lists keep the order of * and fixed scales (${mode})`, () => {
    const any = (name: string): string => label(`g:unix:${name}:`, "*:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0")
    const seven = (name: string): string => label(`g:unix:${name}:`, "*:64:0:*:*,7:mss,sok,ts,nop,ws:df,id+:0")
    expect(fingerprint(mode, SYN, requests(any("A"), seven("B"))).os).toBe("A")
    expect(fingerprint(mode, SYN, requests(seven("B"), any("A"))).os).toBe("B")
    expect(fingerprint(mode, SYN.replace(",7:", ",8:"), requests(seven("B"), any("A"))).os).toBe("A")
    expect(fingerprint(mode, SYN.replace(",7:", ",8:"), requests(seven("B"))).os).toBeUndefined()
  })

  test(`a SYN+ACK is matched by responses and its peer's MSS (${mode})`, () => {
    const text = `${requests(LINUX)}[tcp:response]\n${label("s:unix:Server:", "*:64:0:*:mss*10,0:mss:df:0")}`
    const matcher = new Matcher(database(mode, text), mode, 4)
    const packet = signaturePacket("4:64+0:0:1331:13130,0:mss:df:0", RESPONSE)
    expect(matcher.fingerprintOf(packet, RESPONSE, 0).os).toBeUndefined()
    const found = matcher.fingerprintOf(packet, RESPONSE, 1313)
    expect([found.os, found.rawSignature]).toEqual(["Server", "4:64+0:0:*:mss*10,0:mss:df:0"])
    expect(matcher.fingerprintOf(packet, REQUEST, 1313).rawSignature).toBe("4:64+0:0:1331:mss*10,0:mss:df:0")
    expect(decode(found.sendsynLogSuffix).slice(0, 11)).toBe("|app=Server")
    expect(decode(found.logSuffix).slice(0, 10)).toBe("|os=Server")
  })

  test(`sendsyn probes have the key app, unless unknown (${mode})`, () => {
    const probe = "4:192+?:0:1331:1337,0:mss:seq-:0"
    const known = fingerprint(mode, probe, requests(label("s:unix:Probe:", "*:192:0:1331:1337,0:mss:seq-:0")))
    expect([known.sendsyn, log(known)]).toEqual([true, "app=Probe|dist=0|params=none"])
    const unknown = fingerprint(mode, probe)
    expect([unknown.sendsyn, log(unknown)]).toEqual([true, "os=???|dist=63|params=excess_dist"])
    expect(fingerprint(mode, probe.replace("1337", "1338")).sendsyn).toBe(false)
  })

  test(`link and MTU (${mode})`, () => {
    const links = "[mtu]\nlabel = Ethernet\nsig = 1500\nlabel = other\nsig = 1500\n"
    const v4 = fingerprint(mode, SYN, links)
    expect([v4.link, v4.linkMtu, decode(v4.mtuLogSuffix)]).toEqual(["Ethernet", 1500, "|link=Ethernet|raw_mtu=1500"])
    const v6 = fingerprint(mode, SYN.replace("4:", "6:").replace("1460", "1440").replace("df,id+", ""), links)
    expect([v6.link, v6.linkMtu]).toEqual(["Ethernet", 1500])
    const unknown = fingerprint(mode, SYN.replace("1460", "1400"), links)
    expect([unknown.link, decode(unknown.mtuLogSuffix)]).toEqual([undefined, "|link=???|raw_mtu=1440"])
    const none = fingerprint(mode, "4:64+0:0:0:1024,0:::0", links)
    expect([none.link, none.linkMtu, none.mtuLogSuffix.length]).toEqual([undefined, 0, 0])
    const jumbo = fingerprint(mode, "6:64+0:0:65535:1024,0:mss::0", links)
    expect(decode(jumbo.mtuLogSuffix)).toBe("|link=???|raw_mtu=65595")
  })
}

const V6 = "6:64+0:0:1440:mss*20,7:mss,sok,ts,nop,ws:flow:0"

test("4: and 6: are enforced in modern mode; p0f matches both (C-06)", () => {
  const six = SYN.replace("4:57+7", "6:64+0").replace("df,id+", "")
  const four = requests(label("s:unix:Four:", "4:64:0:*:mss*20,7:mss,sok,ts,nop,ws::0"))
  expect(fingerprint("p0f", six, four).os).toBe("Four")
  expect(fingerprint("modern", six, four).os).toBeUndefined()
  expect(fingerprint("modern", SYN, requests(LINUX.replace("*:64", "4:64"))).os).toBe("Linux new")
})

test("flow labels are ignored in modern mode and make p0f's * lines fail", () => {
  expect(fingerprint("p0f", V6, requests(LINUX)).os).toBeUndefined()
  const found = fingerprint("modern", V6, requests(LINUX))
  expect([found.os, found.fuzzy, found.rawSignature]).toEqual(["Linux new", false, V6])
  const withFlow = requests(label("s:unix:Flow:", "6:64:0:*:mss*20,7:mss,sok,ts,nop,ws:flow:0"))
  for (const mode of ["p0f", "modern"] as const) expect(fingerprint(mode, V6, withFlow).os).toBe("Flow")
  expect(fingerprint("modern", V6.replace("flow", ""), withFlow).os).toBe("Flow")
})

test("0+ of a * line is forgiven for IPv6 in modern mode alone", () => {
  const reserved = requests(LINUX.replace("df,id+", "df,id+,0+"))
  const six = V6.replace("flow", "")
  expect(fingerprint("p0f", six, reserved).os).toBeUndefined()
  expect(fingerprint("modern", six, reserved).os).toBe("Linux new")
})

test("a userland line that fits fuzzily is no match; p0f then says distance 0 (C-07)", () => {
  const nmap = requests(label("s:!:NMap:SYN scan", "*:64-:0:1460:1024,0:mss:df:0"))
  const raw = "4:50+14:0:1460:1024,0:mss::0"
  expect(log(fingerprint("p0f", raw, nmap))).toBe("os=???|dist=0|params=none")
  expect(log(fingerprint("modern", raw, nmap))).toBe("os=???|dist=14|params=none")
})

test("mss*max follows the MSS", () => {
  const max = requests(label("s:unix:Linux:4.20 and newer", "*:64:0:*:mss*max,7:mss,sok,ts,nop,ws:df,id+:0"))
  const os = (mss: number, win: number): string | undefined =>
    fingerprint("modern", SYN.replace("1460:mss*20", `${mss}:${win}`), max).os
  expect(os(1460, 64240)).toBeDefined()
  expect(os(1452, 65340)).toBeDefined()
  expect(os(1400, 64400)).toBeDefined()
  expect(os(256, 65535)).toBeDefined()
  expect(os(1400, 64240)).toBeUndefined()
  expect(os(1460, 65535)).toBeUndefined()
  expect(os(0, 0)).toBeUndefined()
})

test("layoutHash differs between option layouts", () => {
  const matcher = new Matcher(database("modern"), "modern", 1)
  const packet = new Packet()
  const hashes = new Set<number>()
  let layouts = 0
  const note = (...kinds: ReadonlyArray<number>): void => {
    packet.layout.fill(7)
    packet.layout.set(kinds)
    packet.layoutLength = kinds.length
    hashes.add(matcher.fingerprintOf(packet, REQUEST, 0).layoutHash)
    layouts++
  }
  const kinds = [0, 1, 2, 3, 4, 5, 8, 30, 34, 255]
  note()
  for (const a of kinds) {
    note(a)
    for (const b of kinds) {
      note(a, b)
      for (const c of kinds) {
        note(a, b, c)
        for (const d of kinds) note(a, b, c, d)
      }
    }
  }
  for (let length = 5; length <= 24; length++) for (const a of kinds) note(...Array.from({ length }, () => a))
  expect(hashes.size).toBe(layouts)
})

test("texts hold names of any length and script", () => {
  const name = `${"x".repeat(3000)} \u00fc\u4e2d\u{1f600}`
  const found = fingerprint("modern", SYN, requests(label(`s:unix:Linux:${name}`, SYN.replace("57+7", "64"))))
  expect(decode(found.logSuffix)).toBe(`|os=Linux ${name}|dist=7|params=none|raw_sig=${SYN}`)
  expect(fingerprint("modern", SYN, `[mtu]\nlabel = ${name}\nsig = 1500\n`).mtuLogSuffix.length).toBeGreaterThan(3010)
})

test("the longest raw signature is whole", () => {
  const packet = new Packet()
  packet.ver = 6
  packet.ttl = 250
  packet.olen = 40
  packet.mss = 65535
  packet.win = 65535
  packet.wscale = 255
  packet.layout.fill(255)
  packet.layoutLength = 24
  packet.quirks = 0x1ffff
  packet.payloadLength = 1
  expect(printRawSignature(packet, REQUEST, 0)).toBe(
    `6:250+5:40:65535:mss*1,255:${Array.from({ length: 24 }, () => "?255").join(",")}:df,id+,id-,ecn,0+,flow,seq-,ack+,ack-,uptr+,urgf+,pushf+,ts1-,ts2+,opt+,exws,bad:+`
  )
})
