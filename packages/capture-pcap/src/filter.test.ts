import { afterAll, describe, expect, test } from "bun:test"
import { type Layer, ethernet, fragment, outer, qinq, sll, sll2, tcp, udp, vlan } from "@synprint/core/testing"
import type { CaptureFilter } from "@synprint/service"
import { feedFilterText, filterProblems, synFilterText } from "./filter.ts"
import { BPF_PROGRAM_BYTES, DLT_LINUX_SLL, DLT_LINUX_SLL2, loadLibpcapUnsafe, PCAP_NETMASK_UNKNOWN } from "./libpcap.ts"

const DLT_EN10MB = 1
const DLT_RAW = 12
const { symbols: c, close } = loadLibpcapUnsafe()
afterAll(() => close())

const ALL: CaptureFilter = { ports: [], addresses: [], key: "connection" }

/** Runs the text as libpcap would on `linkType`; throws when it does not compile. */
function passes(text: string, linkType: number, packet: Uint8Array): boolean {
  const pcap = c.pcap_open_dead(linkType, 65535)!
  const program = new Uint8Array(new ArrayBuffer(BPF_PROGRAM_BYTES))
  try {
    if (c.pcap_compile(pcap, program, text, 1, PCAP_NETMASK_UNKNOWN) !== 0) throw new Error(String(c.pcap_geterr(pcap)))
    const header = new Uint32Array(new ArrayBuffer(24))
    header[4] = header[5] = packet.length
    // Outside of the inline storage of small arrays, as every out-parameter here.
    const bytes = new Uint8Array(new ArrayBuffer(packet.length))
    bytes.set(packet)
    const passed = c.pcap_offline_filter(program, header, bytes) !== 0
    c.pcap_freecode(program)
    return passed
  } finally {
    c.pcap_close(pcap)
  }
}

const V4 = { src: "192.0.2.1", dst: "198.51.100.7", dport: 443, options: "mss=1460,sok,ts=1,nop,ws=7" }
const V6 = { src: "2001:db8::1", dst: "2001:db8::7", dport: 443, options: "mss=1440,sok,ts=1,nop,ws=7" }

/** name, packet, passes the SYN filter without ports and addresses */
const PACKETS: ReadonlyArray<readonly [string, Layer, boolean]> = [
  ["IPv4 SYN", tcp(V4), true],
  ["IPv4 SYN with ECN flags", tcp({ ...V4, flags: "SEC" }), true],
  ["IPv4 SYN with payload", tcp({ ...V4, payload: "GET /" }), true],
  ["IPv4 SYN with IP options", tcp({ ...V4, ipOptions: new Uint8Array([148, 4, 0, 0]) }), true],
  ["IPv4 SYN+ACK", tcp({ ...V4, flags: "SA" }), false],
  ["IPv4 ACK", tcp({ ...V4, flags: "A" }), false],
  ["IPv4 RST", tcp({ ...V4, flags: "R" }), false],
  ["IPv4 FIN+ACK", tcp({ ...V4, flags: "FA" }), false],
  ["IPv4 UDP", outer(udp(443, new Uint8Array(20)), V4), false],
  ["IPv4 first fragment", fragment(tcp({ ...V4, payload: "x".repeat(64) }), 0, 64), true],
  ["IPv4 later fragment", fragment(tcp({ ...V4, payload: "x".repeat(64) }), 64, 104), false],
  ["IPv6 SYN", tcp(V6), true],
  ["IPv6 SYN+ACK", tcp({ ...V6, flags: "SA" }), false],
  ["IPv6 ACK", tcp({ ...V6, flags: "A" }), false],
  ["IPv6 UDP", outer(udp(443, new Uint8Array(20)), V6), false],
  ["IPv6 SYN behind hop-by-hop", tcp({ ...V6, extensions: [{ kind: "hop-by-hop" }] }), true],
  ["IPv6 SYN behind routing", tcp({ ...V6, extensions: [{ kind: "routing" }] }), true],
  ["IPv6 SYN behind destination", tcp({ ...V6, extensions: [{ kind: "destination" }] }), true],
  ["IPv6 SYN behind fragment", tcp({ ...V6, extensions: [{ kind: "fragment" }] }), true],
  ["IPv6 SYN behind AH", tcp({ ...V6, extensions: [{ kind: "ah" }] }), true],
  ["IPv6 SYN behind mobility", tcp({ ...V6, extensions: [{ kind: "mobility" }] }), true],
  ["IPv6 SYN behind HIP", tcp({ ...V6, extensions: [{ kind: "hip" }] }), true],
  ["IPv6 SYN behind shim6", tcp({ ...V6, extensions: [{ kind: "shim6" }] }), true]
]

describe.each(PACKETS)("%s", (_, packet, isWanted) => {
  test.each([
    ["Ethernet", DLT_EN10MB, ethernet(packet).bytes, true],
    ["802.1Q", DLT_EN10MB, ethernet(vlan(100, packet)).bytes, true],
    ["802.1ad", DLT_EN10MB, ethernet(qinq(100, 200, packet)).bytes, true],
    ["SLL", DLT_LINUX_SLL, sll(packet), false],
    ["SLL2", DLT_LINUX_SLL2, sll2(packet), false],
    ["raw", DLT_RAW, packet.bytes, false]
  ] as const)("%s", (__, linkType, bytes, isEthernet) => {
    expect(passes(synFilterText(ALL, isEthernet), linkType, bytes)).toBe(isWanted)
  })
})

describe("ports", () => {
  const filter: CaptureFilter = { ...ALL, ports: [80, 443] }
  test.each([
    ["IPv4", V4, 443, true],
    ["IPv4", V4, 80, true],
    ["IPv4", V4, 8443, false],
    ["IPv6", V6, 443, true],
    ["IPv6", V6, 22, false]
  ])("%s to %p", (_, fields, dport, isWanted) => {
    for (const packet of [tcp({ ...fields, dport }), vlan(7, tcp({ ...fields, dport }))]) {
      expect(passes(synFilterText(filter, true), DLT_EN10MB, ethernet(packet).bytes)).toBe(isWanted)
    }
  })
  test("the client's port does not count, nor do flags get lost", () => {
    const text = synFilterText(filter, true)
    expect(passes(text, DLT_EN10MB, ethernet(tcp({ ...V4, sport: 443, dport: 22 })).bytes)).toBe(false)
    expect(passes(text, DLT_EN10MB, ethernet(tcp({ ...V4, flags: "SA" })).bytes)).toBe(false)
    expect(passes(text, DLT_EN10MB, ethernet(tcp({ ...V6, flags: "SA" })).bytes)).toBe(false)
  })
  test("behind an extension header they are judged later", () => {
    const packet = tcp({ ...V6, dport: 22, extensions: [{ kind: "hop-by-hop" }] })
    expect(passes(synFilterText(filter, true), DLT_EN10MB, ethernet(packet).bytes)).toBe(true)
  })
})

describe("addresses", () => {
  const filter: CaptureFilter = { ...ALL, addresses: ["198.51.100.7", "2001:db8::7%eth0"] }
  test.each([
    ["IPv4", { ...V4 }, true],
    ["IPv4, another server", { ...V4, dst: "198.51.100.8" }, false],
    ["IPv4, the server as client", { ...V4, src: "198.51.100.7", dst: "192.0.2.1" }, false],
    ["IPv6", { ...V6 }, true],
    ["IPv6, another server", { ...V6, dst: "2001:db8::8" }, false]
  ])("%s", (_, fields, isWanted) => {
    for (const packet of [tcp(fields), vlan(7, tcp(fields)), qinq(7, 8, tcp(fields))]) {
      expect(passes(synFilterText(filter, true), DLT_EN10MB, ethernet(packet).bytes)).toBe(isWanted)
    }
  })
  test("an extension header does not lead around them", () => {
    const other = tcp({ ...V6, dst: "2001:db8::8", extensions: [{ kind: "hop-by-hop" }] })
    expect(passes(synFilterText(filter, true), DLT_EN10MB, ethernet(other).bytes)).toBe(false)
  })
  test.each(["::ffff:198.51.100.7", "::FFFF:c633:6407", "0:0:0:0:0:ffff:198.51.100.7"])("%s is IPv4", (address) => {
    const text = synFilterText({ ...ALL, addresses: [address] }, true)
    expect(passes(text, DLT_EN10MB, ethernet(tcp(V4)).bytes)).toBe(true)
    expect(passes(text, DLT_EN10MB, ethernet(tcp({ ...V4, dst: "198.51.100.8" })).bytes)).toBe(false)
  })
  test.each(["0.0.0.0", "::", "0:0:0:0:0:0:0:0"])("%s means all", (address) => {
    expect(synFilterText({ ...ALL, addresses: ["198.51.100.7", address] }, true)).toBe(synFilterText(ALL, true))
  })
})

test('key = "client" leaves the server side out', () => {
  expect(synFilterText({ ports: [443], addresses: ["198.51.100.7"], key: "client" }, true)).toBe(
    synFilterText(ALL, true)
  )
})

describe("feed", () => {
  const filter: CaptureFilter = { ...ALL, ports: [443], addresses: ["198.51.100.7"] }
  test.each([
    ["SYN", tcp(V4), true],
    ["SYN+ACK", tcp({ src: V4.dst, dst: V4.src, sport: 443, dport: 1025, flags: "SA" }), true],
    ["data", tcp({ ...V4, flags: "PA", payload: "GET / HTTP/1.1" }), true],
    ["another port", tcp({ ...V4, dport: 22 }), false],
    ["another server", tcp({ ...V4, dst: "198.51.100.8" }), false],
    ["UDP", outer(udp(443, new Uint8Array(20)), V4), false]
  ])("%s", (_, packet, isWanted) => {
    for (const layer of [packet, vlan(9, packet)]) {
      expect(passes(feedFilterText(filter, true), DLT_EN10MB, ethernet(layer).bytes)).toBe(isWanted)
    }
  })
  test("everything without ports and addresses, both families, cooked too", () => {
    const data = tcp({ ...V6, flags: "A", payload: "x" })
    expect(passes(feedFilterText(ALL, true), DLT_EN10MB, ethernet(data).bytes)).toBe(true)
    expect(passes(feedFilterText(ALL, false), DLT_LINUX_SLL2, sll2(data))).toBe(true)
  })
})

test("why the text is as it is: libpcap refuses the simple forms", () => {
  expect(() => passes("ip6 and tcp[13] & 0x12 == 0x02", DLT_EN10MB, ethernet(tcp(V6)).bytes)).toThrow(
    "rejects all packets"
  )
  expect(() => passes(synFilterText(ALL, true), DLT_LINUX_SLL2, sll2(tcp(V4)))).toThrow("no VLAN support")
})

test("what is no port and no address is named, so that nothing reaches a resolver", () => {
  const problems = filterProblems({
    ports: [0, 443, 65536, 1.5],
    addresses: ["localhost", "10.0.0.1", "fe80::1%eth0"],
    key: "client"
  })
  expect(problems.map((bad) => bad.entry)).toEqual(["0", "65536", "1.5", "localhost"])
})
