import { expect, test } from "bun:test"
import { rounds, seededRandom } from "../../testing/random.ts"
import { AddressKey } from "./address-key.ts"
import { ClockHostTable } from "./clock-host-table.ts"
import { HOST_FIRST_SEEN, HOST_OS, HOST_TOTAL_CONN, HOT_SHIFT } from "./host-record.ts"

const NOW = 1_700_000_000
function keyOf(hosts: ClockHostTable, address: number, ver = 4): AddressKey {
  const key = new AddressKey()
  key.set(ver, address, 0, 0, 0)
  hosts.setHash(key)
  return key
}
const obtain = (hosts: ClockHostTable, address: number, now = NOW): number => hosts.obtain(keyOf(hosts, address), now)
const has = (hosts: ClockHostTable, address: number, now = NOW): boolean => hosts.lookUp(4, address, 0, 0, 0, now) >= 0

test.each([1, 2, 12, 50, 300])(
  "%i hosts: full it holds as many, never more, and finds exactly what it holds",
  (maxHosts) => {
    const random = seededRandom(2)
    const hosts = new ClockHostTable({ maxHosts, idleMinutes: 30 })
    const { length } = hosts.hot
    for (let step = 0; step < rounds(100_000); step++) {
      const address = random.below(maxHosts * 4)
      const host = obtain(hosts, address)
      if (!hosts.holds(host, keyOf(hosts, address)) || hosts.count > maxHosts) throw new Error(`step ${step}`)
      if (hosts.evicted > 0 && hosts.count !== maxHosts) throw new Error(`step ${step}: ${hosts.count} hosts`)
    }
    const found = new Set<number>()
    for (let address = 0; address < maxHosts * 4; address++) {
      const host = hosts.lookUp(4, address, 0, 0, 0, NOW)
      if (host >= 0) found.add(host)
    }
    let visited = 0
    hosts.each(() => visited++)
    expect([found.size, visited, hosts.count]).toEqual([maxHosts, maxHosts, maxHosts])
    expect(hosts.hot.length).toBe(length)
    expect(hosts.evicted).toBeGreaterThan(1000)
  }
)

test("whatever comes and goes, no host gets another's record, and none is lost that is not counted", () => {
  const maxHosts = 5000
  const random = seededRandom(3)
  const hosts = new ClockHostTable({ maxHosts, idleMinutes: 1 })
  /** Connections and last second of each address that was ever seen. */
  const known = new Map<number, { conns: number; sec: number }>()
  let lost = 0
  let idle = 0
  let sec = NOW
  for (let step = 0; step < rounds(400_000); step++) {
    if (random.once(2000)) sec += random.below(30)
    const address = random.once(3) ? random.below(1000) : random.below(20_000)
    const ver = address % 7 === 0 ? 6 : 4
    const key = keyOf(hosts, address, ver)
    const before = known.get(address)
    const expected = hosts.find(key)
    const host = hosts.obtain(key, sec)
    const at = (host << HOT_SHIFT) + HOST_TOTAL_CONN
    let conns = before?.conns ?? 0
    if (expected >= 0 && expected !== host) throw new Error(`step ${step}: a host has moved`)
    if (before !== undefined && expected < 0) lost++
    else if (before !== undefined && sec - before.sec > 60) idle++
    if (expected < 0 || sec - before!.sec > 60) conns = 0
    if (hosts.hot[at] !== conns) throw new Error(`step ${step}: ${hosts.hot[at]} instead of ${conns}`)
    hosts.hot[at] = conns + 1
    known.set(address, { conns: conns + 1, sec })
  }
  let live = 0
  for (const address of known.keys()) if (hosts.find(keyOf(hosts, address, address % 7 === 0 ? 6 : 4)) >= 0) live++
  expect([live, hosts.expired, known.size + lost - hosts.evicted]).toEqual([hosts.count, idle, hosts.count])
  expect([hosts.count, idle > 0]).toEqual([maxHosts, true])
})

test("a table of 65,536 keeps more than 99 of 100 hosts when as many come", () => {
  const hosts = new ClockHostTable({ maxHosts: 65_536, idleMinutes: 30 })
  for (let address = 0; address < 65_536; address++) obtain(hosts, address)
  expect(hosts.count).toBe(65_536 - hosts.evicted)
  expect(hosts.evicted).toBeLessThan(655)
})

test("half of a large table comes again and again, and stays in a flood of strangers", () => {
  const regulars = 10_000
  const hosts = new ClockHostTable({ maxHosts: 2 * regulars, idleMinutes: 30 })
  let stranger = 1 << 20
  let lost = 0
  for (let transaction = 0; transaction < 20; transaction++)
    for (let address = 0; address < regulars; address++) {
      if (transaction > 0 && !has(hosts, address)) lost++
      obtain(hosts, address)
      // In each turn half as many as what is left holds.
      if (address % 2 === 0) obtain(hosts, stranger++)
    }
  expect(hosts.evicted).toBeGreaterThan(80_000)
  // About 0.5 % are lost, because their set was full.
  expect(lost).toBeLessThan((19 * regulars) / 100)
})

test("a flood of strangers leaves those who come again", () => {
  const hosts = new ClockHostTable({ maxHosts: 100, idleMinutes: 30 })
  for (let address = 0; address < 50; address++) obtain(hosts, address)
  for (let stranger = 1000; stranger < 6000; stranger++) {
    obtain(hosts, stranger)
    obtain(hosts, stranger % 50)
  }
  for (let address = 0; address < 50; address++) expect(has(hosts, address)).toBe(true)
})

test("an idle host is a new host when it comes back, and is not reported before", () => {
  const hosts = new ClockHostTable({ maxHosts: 8, idleMinutes: 1 })
  const host = obtain(hosts, 7)
  hosts.hot[(host << HOT_SHIFT) + HOST_TOTAL_CONN] = 5
  hosts.hot[(host << HOT_SHIFT) + HOST_OS] = 3
  expect(has(hosts, 7, NOW + 60)).toBe(true)
  expect(has(hosts, 7, NOW + 61)).toBe(false)
  expect(has(hosts, 7, NOW - 1000)).toBe(true)
  expect(obtain(hosts, 7, NOW + 61)).toBe(host)
  expect(hosts.hot[(host << HOT_SHIFT) + HOST_TOTAL_CONN]).toBe(0)
  expect(hosts.hot[(host << HOT_SHIFT) + HOST_OS]).toBe(0)
  expect(hosts.hot[(host << HOT_SHIFT) + HOST_FIRST_SEEN]).toBe(NOW + 61)
  expect([hosts.count, hosts.expired]).toEqual([1, 1])
})

test("an IPv4 address and the IPv6 address that begins with it are two hosts", () => {
  const hosts = new ClockHostTable({ maxHosts: 8, idleMinutes: 1 })
  expect(obtain(hosts, 9)).not.toBe(hosts.obtain(keyOf(hosts, 9, 6), NOW))
  expect(hosts.count).toBe(2)
})

test("a host that takes another's place has none of its cold record", () => {
  const hosts = new ClockHostTable({ maxHosts: 1, idleMinutes: 1 })
  hosts.cold.fill(77, hosts.coldOf(obtain(hosts, 1)))
  const host = obtain(hosts, 2)
  expect(hosts.hasCold(host)).toBe(false)
  const at = hosts.coldOf(host)
  expect([...hosts.cold.subarray(at, at + 3)]).toEqual([0, 0, 0])
})
