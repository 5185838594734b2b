import { expect, test } from "bun:test"
import { mtuOf25, mtuOf26, openvpnProfiles } from "./openvpn.ts"

const GCM = { hmac: 0, iv: 12, block: 16, isAead: true }
const cbc = (block: number, hmac: number) => ({ hmac, iv: block, block, isAead: false })

// MSS measured for an inner IPv4 SYN.
const OLD = [
  ["BF-CBC SHA1", cbc(8, 20), 1369],
  ["AES-CBC SHA1", cbc(16, 20), 1353],
  ["AES-CBC SHA256", cbc(16, 32), 1341],
  ["AES-CBC SHA512", cbc(16, 64), 1309],
  ["AES-GCM", GCM, 1361]
] as const
for (const [name, cipher, mss] of OLD) {
  test(`2.4 and 2.5, ${name}`, () => {
    expect([mtuOf25(1450, cipher, false) - 40, mtuOf25(1450, cipher, true) - 40]).toEqual([mss, mss - 2])
  })
}

const NEW = [
  ["AES-GCM", GCM, 1492, 4, 1400, 1386],
  ["AES-GCM over IPv6", GCM, 1492, 6, 1380, 1366],
  ["AES-CBC SHA1", cbc(16, 20), 1492, 4, 1379, 1363],
  ["AES-CBC SHA256", cbc(16, 32), 1492, 4, 1363, 1347],
  ["AES-CBC SHA512", cbc(16, 64), 1492, 4, 1331, 1315],
  ["BF-CBC SHA1", cbc(8, 20), 1492, 4, 1387, 1371],
  ["AES-GCM, mssfix 1450", GCM, 1450, 0, 1386, 1384],
  ["AES-GCM, mssfix 1300", GCM, 1300, 0, 1236, 1234],
  ["AES-CBC SHA1, mssfix 1450", cbc(16, 20), 1450, 0, 1363, 1363],
  ["BF-CBC SHA1, mssfix 1450", cbc(8, 20), 1450, 0, 1371, 1371]
] as const
for (const [name, cipher, n, outer, udp, tcp] of NEW) {
  test(`2.6, ${name}`, () => {
    expect([mtuOf26(n, cipher, false, outer) - 40, mtuOf26(n, cipher, true, outer) - 40]).toEqual([udp, tcp])
  })
}

// Measured with 2.6.14 after the arithmetic was written: options, transport, MSS of an inner IPv4 SYN, own interface.
const MEASURED_LATER = [
  ["AES-256-CBC SHA384", "udp", 1347],
  ["AES-256-CBC SHA384", "tcp", 1331],
  ["AES-256-CBC SHA224", "udp", 1363],
  ["AES-256-CBC MD5", "udp", 1379],
  ["AES-256-CBC SHA256 over IPv6", "udp", 1347],
  ["AES-256-CBC SHA256 over IPv6", "tcp", 1331],
  ["AES-256-CBC SHA256, mssfix 1400", "udp", 1299],
  ["fragment 1200", "udp", 1104],
  ["fragment 1400", "udp", 1304],
  ["mssfix 1400 mtu", "udp", 1308],
  ["mssfix 1400 mtu", "tcp", 1294],
  ["mssfix 1300 fixed", "udp", 1260],
  ["mssfix 1250", "udp", 1186],
  ["mssfix 1360", "udp", 1296],
  ["mssfix 1420", "tcp", 1354],
  ["mssfix 1400, over IPv6", "udp", 1336],
  ["comp-lzo", "udp", 1399],
  ["comp-lzo", "tcp", 1385],
  ["compress", "udp", 1399],
  ["compress stub-v2", "udp", 1400],
  ["compress lz4-v2", "udp", 1400],
  ["tun-mtu 1300", "udp", 1260],
  ["tun-mtu 1450", "udp", 1410]
] as const
for (const [options, transport, mss] of MEASURED_LATER) {
  test(`2.6, ${options} over ${transport}: MSS ${mss}`, () => {
    const own = options.startsWith("tun-mtu")
    const fitting = openvpnProfiles(mss + 40).filter((profile) => profile.ownInterface === own)
    expect(fitting.some((profile) => profile.versions.includes("2.6") && profile.transport === transport)).toBe(true)
  })
}

test("a profile says what it is and how it is known", () => {
  const [first, ...others] = [...openvpnProfiles(1440)].sort((a, b) => b.weight - a.weight)
  expect(first).toMatchObject({
    name: "OpenVPN 2.6 UDP",
    versions: ["2.6"],
    transport: "udp",
    ownInterface: false,
    evidence: "measured"
  })
  for (const { weight } of others) expect(weight).toBeLessThan(first!.weight / 5)
  expect(openvpnProfiles(1400).some(({ ownInterface }) => ownInterface)).toBe(true)
  expect(openvpnProfiles(9000)).toEqual([])
})

test("names are distinct for each MTU and kind of tunnel end, weights positive", () => {
  for (let mtu = 800; mtu <= 1500; mtu++) {
    const profiles = openvpnProfiles(mtu)
    expect(new Set(profiles.map(({ name, ownInterface }) => `${name} ${ownInterface}`)).size).toBe(profiles.length)
    for (const { weight, mtu: own } of profiles) expect([own, weight > 0]).toEqual([mtu, true])
  }
})

test("an MTU of the tunnel's own interface: 2.6 twice as often as older versions, TCP a third as often as UDP", () => {
  for (const [mtu, weight, evidence] of [
    [1450, 0.8, "derived"],
    [1420, 0.8, "derived"],
    [1400, 2, "measured"],
    [1350, 0.8, "derived"],
    [1300, 1.2, "derived"],
    [1280, 0.6, "derived"],
    [1250, 0.6, "derived"],
    [1200, 0.8, "derived"]
  ] as const) {
    const own = openvpnProfiles(mtu).filter(({ ownInterface }) => ownInterface)
    expect(own.map((profile) => [profile.name, profile.weight.toFixed(4), profile.evidence, profile.mtu])).toEqual([
      ["OpenVPN 2.4/2.5 UDP", (0.5 * weight).toFixed(4), "derived", mtu],
      ["OpenVPN 2.6 UDP", weight.toFixed(4), evidence, mtu],
      ["OpenVPN 2.4/2.5 TCP", (0.175 * weight).toFixed(4), "derived", mtu],
      ["OpenVPN 2.6 TCP", (0.35 * weight).toFixed(4), evidence, mtu]
    ])
  }
  expect(openvpnProfiles(1401).some(({ ownInterface }) => ownInterface)).toBe(false)
})

test("the defaults of each version outweigh every setting, compression is a fifth of them, IPv6 outside a quarter", () => {
  const weightOf = (mtu: number, name: string): number =>
    openvpnProfiles(mtu).find((profile) => profile.name === name && !profile.ownInterface)?.weight ?? 0
  // AES-GCM of 2.6: 1492 less 28 outside and 24 of its own, over TCP 40 and 26.
  expect(weightOf(1440, "OpenVPN 2.6 UDP")).toBeGreaterThanOrEqual(30)
  expect(weightOf(1440, "OpenVPN 2.6 UDP")).toBeLessThan(32)
  expect(weightOf(1439, "OpenVPN 2.6 UDP")).toBeGreaterThanOrEqual(6)
  expect(weightOf(1439, "OpenVPN 2.6 UDP")).toBeLessThan(8)
  expect(weightOf(1426, "OpenVPN 2.6 TCP") / 10.5).toBeWithin(1, 1.2)
  expect(weightOf(1420, "OpenVPN 2.6 UDP over IPv6") / 7.5).toBeWithin(1, 1.01)
  expect(weightOf(1419, "OpenVPN 2.6 UDP over IPv6") / 1.5).toBeWithin(1, 1.2)
  expect(weightOf(1406, "OpenVPN 2.6 TCP over IPv6") / 2.625).toBeWithin(1, 1.01)
  // AES-GCM of 2.4 and 2.5.
  expect(weightOf(1401, "OpenVPN 2.4/2.5 UDP") / 15).toBeWithin(1, 1.05)
  expect(weightOf(1400, "OpenVPN 2.4/2.5 UDP") / 3).toBeWithin(1, 1.1)
  expect(weightOf(1399, "OpenVPN 2.4/2.5 TCP") / 5.25).toBeWithin(1, 1.1)
})
