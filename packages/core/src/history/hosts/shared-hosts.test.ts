/** Several observers on one memory answer as one that saw everything. */
import { expect, test } from "bun:test"
import { ConnectionInfo } from "../../connection-info.ts"
import { BUILTIN, BUILTIN_DATABASE } from "../../tcp/database/builtin.ts"
import { readDatabases } from "../../tcp/database/reader.ts"
import { Matcher } from "../../tcp/matching/matcher.ts"
import { decodeFrame } from "../../packet/frame.ts"
import { LINKTYPE_ETHERNET } from "../../packet/link.ts"
import { Packet } from "../../packet/packet.ts"
import { SMALL_HISTORY } from "../../testing/small-history.ts"
import { CLIENTS, ethernet, seededRandom, stackFields, tcp } from "../../testing/index.ts"
import { HOST_OS } from "./host-record.ts"
import { Observer } from "../observer.ts"
import { allocateHosts, SharedHosts } from "./shared-hosts.ts"

const START = 1_700_000_000_000
const random = seededRandom(5)
const words = (into: Int32Array): void => into.forEach((_, n) => (into[n] = random.word()))
const read = (text: string) => readDatabases([{ name: BUILTIN, text }], "modern").database!
const database = read(BUILTIN_DATABASE)

function makeObserver(
  maxHosts: number,
  shared?: { readonly hosts: SharedHosts; readonly generation: number }
): Observer {
  return new Observer({
    mode: "modern",
    matcher: new Matcher(database, "modern", 1024),
    ...SMALL_HISTORY,
    maxHosts,
    ...(shared === undefined ? {} : { shared })
  })
}

const frame = (n: number, stack: number, seq: number): Packet => {
  const isIpv6 = n % 3 === 0
  const [src, dst] = isIpv6
    ? [`2001:db8:${n.toString(16)}::1`, "2001:db8:ffff::1"]
    : [`198.18.${n >> 8}.${n & 255}`, "192.0.2.1"]
  const { bytes } = ethernet(
    tcp({
      ...stackFields(CLIENTS[stack % CLIENTS.length]!, 1 + random.below(2 ** 31)),
      src,
      dst,
      sport: 40_000,
      dport: 443,
      seq
    })
  )
  const packet = new Packet()
  decodeFrame(bytes, 0, bytes.length, bytes.length, LINKTYPE_ETHERNET, packet)
  return packet
}

/** The facts that an observer reports of a connection, as text; "left alone": history was not touched. */
function tell(observer: Observer, packet: Packet, nowMs: number): string {
  const { transaction } = observer
  if (transaction !== undefined && !transaction.begin()) return "left alone"
  const info = new ConnectionInfo()
  info.reset("ok")
  observer.fillConnectionInfo(observer.connection(packet, nowMs), info)
  transaction?.commit()
  return JSON.stringify(info)
}

test.each([1024, 64])("three threads and %d hosts: every answer is that of one observer that saw all", (maxHosts) => {
  const buffer = allocateHosts(maxHosts, words)
  const threads = [0, 1, 2].map((thread) =>
    makeObserver(maxHosts, { hosts: new SharedHosts(buffer, maxHosts, thread), generation: 0 })
  )
  const alone = makeObserver(maxHosts)
  let nowMs = START
  for (let n = 0; n < 5000; n++) {
    nowMs += random.below(3000)
    const packet = frame(random.below(300), random.below(4), random.word())
    expect(tell(random.pick(threads), packet, nowMs)).toBe(tell(alone, packet, nowMs))
  }
  for (const { counts } of threads)
    expect([counts.hosts, counts.hostsEvicted, counts.hostsExpired]).toEqual([
      alone.counts.hosts,
      alone.counts.hostsEvicted,
      alone.counts.hostsExpired
    ])
  expect(alone.counts.hostsEvicted > 0).toBe(maxHosts === 64)
})

test("new databases: the first thread carries over for all, the others leave history alone until they have them", () => {
  const buffer = allocateHosts(256, words)
  const [one, two] = [0, 1].map((thread) =>
    makeObserver(256, { hosts: new SharedHosts(buffer, 256, thread), generation: 0 })
  ) as [Observer, Observer]
  const packet = frame(1, 0, 1)
  const before = JSON.parse(tell(one, packet, START)) as { readonly hostOs: string; readonly totalConn: number }
  expect(before.hostOs).toBeString()
  // The database with its lines in another order, so that every label has another number.
  const sections = BUILTIN_DATABASE.split(/^(?=\[)/m)
  const turned = sections.map((section) =>
    section.startsWith("[tcp:request]")
      ? section
          .split(/^(?=label)/m)
          .map((group, n, all) => (n === 0 ? group : all[all.length - n]!))
          .join("")
      : section
  )
  const other = read(turned.join(""))
  const label = (): number => one.hosts.hot[HOST_OS]!
  const numbered = label()
  one.setMatcher(new Matcher(other, "modern", 1024), 1)
  expect(label()).not.toBe(numbered)
  expect(tell(two, packet, START + 1000)).toBe("left alone")
  const next = JSON.parse(tell(one, packet, START + 2000)) as typeof before
  expect([next.hostOs, next.totalConn]).toEqual([before.hostOs, 2])
  two.setMatcher(new Matcher(other, "modern", 1024), 1)
  const last = JSON.parse(tell(two, packet, START + 3000)) as typeof before
  expect([last.hostOs, last.totalConn]).toEqual([before.hostOs, 3])
  // One that comes later, and one that missed some.
  const third = makeObserver(256, { hosts: new SharedHosts(buffer, 256, 2), generation: 3 })
  expect((JSON.parse(tell(third, packet, START + 4000)) as typeof before).totalConn).toBe(4)
  expect(tell(one, packet, START + 5000)).toBe("left alone")
  one.setMatcher(new Matcher(database, "modern", 1024), 3)
  expect((JSON.parse(tell(one, packet, START + 6000)) as typeof before).totalConn).toBe(5)
})

test("a thread that ends with the lock: all is forgotten and others go on; without it, nothing is", () => {
  const buffer = allocateHosts(256, words)
  const dead = new SharedHosts(buffer, 256, 0)
  const observer = makeObserver(256, { hosts: new SharedHosts(buffer, 256, 1), generation: 0 })
  const conn = (): number =>
    (JSON.parse(tell(observer, frame(1, 0, 1), START)) as { readonly totalConn: number }).totalConn
  expect([conn(), conn()]).toEqual([1, 2])
  const main = new SharedHosts(buffer, 256, 2)
  expect([main.releaseOf(0), main.releaseOf(1), conn()]).toEqual([false, false, 3])
  dead.lock()
  expect([main.releaseOf(1), main.releaseOf(0), conn(), observer.counts.hosts]).toEqual([false, true, 1, 1])
})

test("a buffer of another size is refused", () => {
  expect(() => new SharedHosts(allocateHosts(64, words), 128, 0)).toThrow("another size")
})
