import { expect, test } from "bun:test"
import { seededRandom } from "../testing/random.ts"
import { HostClock } from "./host-clock.ts"
import { HOST_FIRST_SEEN, HOST_OS, HOST_TOTAL_CONN, HOT_SHIFT } from "./host-record.ts"

const NOW = 1_700_000_000
const obtain = (hosts: HostClock, address: number, now = NOW): number =>
  hosts.obtain(4, address, 0, 0, 0, hosts.hash(address, 0, 0, 0), now)
const has = (hosts: HostClock, address: number, now = NOW): boolean => hosts.lookUp(4, address, 0, 0, 0, now) >= 0

test.each([
  [50, 1],
  [1000, 8]
])("%i hosts: never more, never fewer by more than a batch, and finds exactly what it holds", (maxHosts, batch) => {
  const random = seededRandom(2)
  const hosts = new HostClock({ maxHosts, idleMinutes: 30 })
  const { length } = hosts.hot
  for (let step = 0; step < 100_000; step++) {
    const address = random.below(maxHosts * 4)
    const host = obtain(hosts, address)
    if (!hosts.holds(host, 4, address, 0, 0, 0) || hosts.count > maxHosts) throw new Error(`step ${step}`)
    if (hosts.evicted > 0 && hosts.count <= maxHosts - batch) throw new Error(`step ${step}: ${hosts.count} hosts`)
  }
  const found = new Set<number>()
  for (let address = 0; address < maxHosts * 4; address++) {
    const host = hosts.lookUp(4, address, 0, 0, 0, NOW)
    if (host >= 0) found.add(host)
  }
  let visited = 0
  hosts.each(() => visited++)
  expect([found.size, visited]).toEqual([hosts.count, hosts.count])
  expect(hosts.hot.length).toBe(length)
  expect(hosts.evicted).toBeGreaterThan(10_000)
})

test("a flood of strangers leaves those who come again", () => {
  const hosts = new HostClock({ maxHosts: 100, idleMinutes: 30 })
  for (let address = 0; address < 50; address++) obtain(hosts, address)
  for (let stranger = 1000; stranger < 6000; stranger++) {
    obtain(hosts, stranger)
    obtain(hosts, stranger % 50)
  }
  for (let address = 0; address < 50; address++) expect(has(hosts, address)).toBe(true)
})

test("an idle host is a new host when it comes back, and not told of before", () => {
  const hosts = new HostClock({ maxHosts: 8, idleMinutes: 1 })
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
  const hosts = new HostClock({ maxHosts: 8, idleMinutes: 1 })
  const hash = hosts.hash(9, 0, 0, 0)
  expect(hosts.obtain(4, 9, 0, 0, 0, hash, NOW)).not.toBe(hosts.obtain(6, 9, 0, 0, 0, hash, NOW))
  expect(hosts.count).toBe(2)
})

test("a host that takes another's place has none of its cold record", () => {
  const hosts = new HostClock({ maxHosts: 1, idleMinutes: 1 })
  hosts.cold.fill(77, hosts.coldOf(obtain(hosts, 1)))
  const host = obtain(hosts, 2)
  expect(hosts.hasCold(host)).toBe(false)
  const at = hosts.coldOf(host)
  expect([...hosts.cold.subarray(at, at + 3)]).toEqual([0, 0, 0])
})
