import { expect, test } from "bun:test"
import { seededRandom } from "../../testing/random.ts"
import { signaturePacket } from "../../testing/signature-packet.ts"
import { BUILTIN, BUILTIN_DATABASE } from "../database/builtin.ts"
import { type DatabaseText, readDatabases } from "../database/reader.ts"
import { LINK_KINDS, TUNNEL_KINDS } from "../database/link-facts.ts"
import { linkName, LinkTable, printCandidates, tunnelOf } from "./link-table.ts"
import { Matcher } from "../matching/matcher.ts"
import { FAMILY_CONSOLE } from "../database/stack-family.ts"
import { type TcpFingerprint } from "../matching/fingerprint.ts"
import { REQUEST } from "../direction.ts"

const builtin: DatabaseText = { name: BUILTIN, text: BUILTIN_DATABASE }
const P0F: DatabaseText = {
  name: "p0f.fp",
  text: "classes = win,unix\n[mtu]\nlabel = Ethernet or modem\nsig = 1500\nlabel = generic tunnel or VPN\nsig = 1420\nsig = 1440\n"
}

function matcherOf(...files: ReadonlyArray<DatabaseText>): Matcher {
  const { database, problems } = readDatabases(files, "modern")
  expect(problems).toEqual([])
  return new Matcher(database!, "modern", 256)
}

const modern = matcherOf(builtin)
const LINUX = "mss,sok,ts,nop,ws"
const fingerprintOf = (signature: string, matcher = modern): TcpFingerprint =>
  matcher.fingerprintOf(signaturePacket(signature), REQUEST, 0)
const linux = (mss: number, win: number): TcpFingerprint => fingerprintOf(`4:64:0:${mss}:${win},7:${LINUX}:df,id+:0`)
const linux6 = (mss: number, win: number): TcpFingerprint => fingerprintOf(`6:64:0:${mss}:${win},7:${LINUX}:flow:0`)
const windows = (mss: number, win: number): TcpFingerprint =>
  fingerprintOf(`4:128:0:${mss}:${win},8:mss,nop,ws,nop,nop,sok:df,id+:0`)
const apple = (mss: number): TcpFingerprint =>
  fingerprintOf(`4:64:0:${mss}:65535,6:mss,nop,ws,nop,nop,ts,sok,eol+1:df:0`)

const names = ({ candidates }: TcpFingerprint): ReadonlyArray<string> => candidates.map(({ name }) => name)
const kinds = ({ candidates }: TcpFingerprint): ReadonlyArray<string> => candidates.map(({ kind }) => kind)

test("an interface of MTU 1420 is WireGuard before a phone network, and no mssfix", () => {
  const fingerprint = linux(1380, 64_860)
  expect([fingerprint.mtuOrigin, fingerprint.link]).toEqual(["interface", "WireGuard or T-Mobile US"])
  expect(names(fingerprint).slice(0, 2)).toEqual(["WireGuard", "T-Mobile US"])
  expect(names(fingerprint)).not.toContain("OpenVPN 2.6 UDP over IPv6")
  expect(tunnelOf(fingerprint)?.kind).toBe("wireguard")
})

test("the same MSS clamped is no WireGuard", () => {
  for (const fingerprint of [linux(1380, 64_240), linux6(1360, 64_800), windows(1380, 64_240)]) {
    expect(fingerprint.mtuOrigin).toBe("clamped")
    expect(kinds(fingerprint)).not.toContain("wireguard")
    expect(names(fingerprint)).toContain("OpenVPN 2.6 UDP over IPv6")
  }
})

test("a PPPoE router's clamp and DS-Lite are no tunnel of the client's", () => {
  expect([linux(1452, 64_240).link, tunnelOf(linux(1452, 64_240))]).toEqual(["PPPoE", undefined])
  expect(kinds(linux(1420, 64_240))[0]).toBe("ds-lite")
  expect(kinds(linux(1420, 65_320))[0]).toBe("cloud")
  expect(tunnelOf(linux(1420, 65_320))?.weight ?? 0).toBeLessThan(15)
})

test("links of one stack are not offered to another", () => {
  expect(names(windows(1360, 65_280))).toContain("Windows VPN")
  expect(names(apple(1360))).not.toContain("Windows VPN")
})

test("a console or a gadget runs no tunnel", () => {
  const switchConsole = fingerprintOf("4:64:0:1360:32768,6:mss,nop,ws,sok,ts:df,id+:0")
  expect(switchConsole.match?.families).toBe(FAMILY_CONSOLE)
  expect(tunnelOf(switchConsole)).toBeUndefined()
})

test("the kind of a tunnel is reported when it is as likely as all others together", () => {
  const candidate = modern.fingerprintOf(signaturePacket(`4:64:0:1380:64860,7:${LINUX}:df,id+:0`), REQUEST, 0)
    .candidates[0]!
  const of = (...weights: ReadonlyArray<readonly ["wireguard" | "openvpn" | "ipsec" | "mobile", number]>) =>
    tunnelOf({ candidates: weights.map(([kind, weight]) => Object.assign({}, candidate, { kind, weight })) })
  expect(of(["mobile", 90])).toBeUndefined()
  expect(of(["mobile", 40], ["wireguard", 30], ["openvpn", 20])).toEqual({ kind: "wireguard", weight: 50 })
  expect(of(["wireguard", 20], ["openvpn", 15], ["ipsec", 15])).toEqual({ kind: "vpn", weight: 50 })
})

test("where the window says nothing, everything with the MTU is a candidate", () => {
  const fingerprint = apple(1400)
  expect(fingerprint.mtuOrigin).toBe("unknown")
  expect(kinds(fingerprint)).toContain("wireguard")
  expect(kinds(fingerprint)).toContain("openvpn")
  expect(kinds(fingerprint)).toContain("mobile")
})

test("families have their own links", () => {
  expect(kinds(linux6(1420, 65_320))).toContain("6in4")
  expect(kinds(linux(1440, 64_800))).not.toContain("6in4")
})

test("a tool and a SYN without MSS have none", () => {
  const nmap = fingerprintOf("4:50:0:1460:1024,0:mss::0")
  expect([nmap.mtuOrigin, nmap.interfaceMss, nmap.linkCandidates, nmap.link]).toEqual([
    undefined,
    0,
    undefined,
    "Ethernet"
  ])
  const bare = fingerprintOf("4:64:0:0:4000,0:nop,nop,sok:df,id+:0")
  expect([bare.mtuOrigin, bare.link, bare.linkCandidates, bare.namedMtu]).toEqual([undefined, undefined, undefined, 0])
})

test("p0f's file gives p0f's names, in modern mode as well", () => {
  const p0f = matcherOf(P0F)
  const fingerprint = fingerprintOf(`4:64:0:1380:64860,7:${LINUX}:df,id+:0`, p0f)
  expect([fingerprint.link, fingerprint.linkCandidates, fingerprint.mtuOrigin]).toEqual([
    "generic tunnel or VPN",
    undefined,
    "interface"
  ])
  expect(fingerprintOf(`4:64:0:1353:64240,7:${LINUX}:df,id+:0`, p0f).link).toBeUndefined()
  const p0fMatcher = new Matcher(readDatabases([P0F], "p0f").database!, "p0f", 16)
  const same = fingerprintOf(`4:64:0:1380:64860,7:${LINUX}:df,id+:0`, p0fMatcher)
  expect([same.link, same.mtuOrigin, same.interfaceMss, same.linkCandidates, same.distReason, same.namedMtu]).toEqual([
    "generic tunnel or VPN",
    undefined,
    0,
    undefined,
    undefined,
    1420
  ])
})

test("beside the built-in lines p0f's name wins in the file that comes later, candidates stay", () => {
  const later = fingerprintOf(`4:64:0:1380:64860,7:${LINUX}:df,id+:0`, matcherOf(builtin, P0F))
  expect(later.link).toBe("generic tunnel or VPN")
  expect(names(later)[0]).toBe("WireGuard")
  expect(fingerprintOf(`4:64:0:1380:64860,7:${LINUX}:df,id+:0`, matcherOf(P0F, builtin)).link).toBe(
    "WireGuard or T-Mobile US"
  )
})

test("an operator's own line competes", () => {
  const own = `[mtu]\n;@ kind=vpn; origin=interface; weight=500\nlabel = "Office" \\ VPN\nsig = 1420\n`
  const fingerprint = fingerprintOf(
    `4:64:0:1380:64860,7:${LINUX}:df,id+:0`,
    matcherOf(builtin, { name: "own.fp", text: own })
  )
  expect(fingerprint.link).toBe('"Office" \\ VPN')
  expect(fingerprint.linkCandidates).toStartWith('"\\"Office\\" \\\\ VPN";q=0.8')
})

test("attributes that can't be are named", () => {
  const problem = (attributes: string): string | undefined =>
    readDatabases([{ name: "a.fp", text: `[mtu]\n;@ ${attributes}\nlabel = x\nsig = 1420\n` }], "modern").problems[0]
      ?.message
  expect(problem("kind=bees")).toStartWith("kind: 'bees' is no kind of link: use wireguard")
  expect(problem("kind=vpn; origin=sideways")).toStartWith("origin: 'sideways' is unknown")
  expect(problem("kind=vpn; weight=-1")).toStartWith("weight: '-1'")
  expect(problem("kind=vpn; ver=5")).toStartWith("ver: '5'")
  expect(problem("weight=bees")).toBeUndefined()
})

test("by the MTU alone: names that a host record can give", () => {
  const { database } = modern
  expect(linkName(database, 1500)).toBe("Ethernet")
  expect(linkName(database, 1420)).toStartWith("WireGuard or ")
  expect([linkName(database, 0), linkName(database, 777)]).toEqual([undefined, undefined])
})

test("for every MTU: names below 32 bytes, weights of 1 to 100 in order, a list that RFC 9651 allows", () => {
  const table = new LinkTable(modern.database, "modern")
  const random = seededRandom(5)
  for (let mtu = 1; mtu <= 65_595; mtu += mtu < 1600 ? 1 : 97) {
    const name = table.nameOf(mtu)
    if (name !== undefined) expect(name.length).toBeLessThan(32)
    for (const origin of ["interface", "clamped", "unknown"] as const) {
      const question = { mtu, ver: random.pick([4, 6] as const), origin, families: random.below(1 << 11) }
      const candidates = table.candidates(question)
      expect(table.name(question, candidates)?.length ?? 0).toBeLessThan(32)
      let before = 100
      let sum = 0
      for (const { weight, kind } of candidates) {
        expect(weight >= 1 && weight <= before).toBe(true)
        expect(LINK_KINDS).toContain(kind)
        before = weight
        sum += weight
      }
      // Rounding, and rare ones that count as one.
      expect(sum).toBeLessThan(108)
      const text = printCandidates(candidates)
      if (text !== undefined) expect(text).toMatch(/^("[ -~]+";q=(0\.\d{1,2}|1\.0))(, "[ -~]+";q=(0\.\d{1,2}|1\.0))*$/)
      const tunnel = tunnelOf({ candidates })
      if (tunnel !== undefined) {
        expect(TUNNEL_KINDS).toContain(tunnel.kind)
        expect(tunnel.weight >= 1 && tunnel.weight <= 100).toBe(true)
      }
    }
  }
})
