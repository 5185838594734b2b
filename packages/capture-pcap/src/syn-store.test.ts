import { describe, expect, test } from "bun:test"
import { makeConnectionKey, parseConnectionKey } from "@synprint/core"
import { rounds } from "@synprint/core/testing"
import { type RawSyn, makeRawSyn } from "@synprint/service"
import { readKey, HEADER_BYTES, SynStore, type SynFacts } from "./syn-store.ts"

const MAX_AGE = 60_000

interface Who {
  readonly client?: string
  readonly cport?: number
  readonly server?: string
  readonly sport?: number
}

function keyOf({ client = "192.0.2.1", cport = 1025, server = "198.51.100.7", sport = 443 }: Who): Uint8Array {
  const key = makeConnectionKey()
  if (!parseConnectionKey(client, cport, server, sport, key)) throw new Error("bad key")
  return key
}

function facts(who: Who, isn: number, seenAtMs: number, interfaceIndex = 2): SynFacts {
  const key = new Int32Array(10)
  readKey(new DataView(keyOf(who).buffer), key)
  return { key, isn, seenAtMs, vlan: -1, interfaceIndex }
}

/** Headers whose bytes identify their connection. */
const headers = (mark: number, length = 60): Uint8Array => new Uint8Array(length).fill(mark)

function put(store: SynStore, fact: SynFacts, packet: Uint8Array, ip: number, tcp: number, tcpLength: number): void {
  store.add(fact, packet, new Int32Array(packet.buffer), ip, tcp, tcpLength)
}

function add(store: SynStore, who: Who, isn: number, at: number, interfaceIndex = 2, mark = isn & 255): void {
  put(store, facts(who, isn, at, interfaceIndex), headers(mark), 0, 20, 40)
}

function look(store: SynStore, key: Uint8Array, now: number, into: RawSyn) {
  store.seek(key)
  return store.found(now, into)
}

function ask(store: SynStore, who: Who, now: number) {
  const into = makeRawSyn()
  const result = look(store, keyOf(who), now, into)
  return result === "hit" ? into : result
}

describe("what is stored", () => {
  test.each([14, 16])("headers only, with all facts, IP header at %p", (ip) => {
    const store = new SynStore(4, MAX_AGE, "connection")
    const packet = Uint8Array.from({ length: 200 }, (_, i) => i)
    const fact = { ...facts({}, 77, 1000.5, 9), vlan: 42 }
    put(store, fact, packet, ip, ip + 20, 32)
    const syn = ask(store, {}, 2000)
    expect(syn).toMatchObject({
      ip: 0,
      ipCaptured: 20,
      tcp: 20,
      tcpCaptured: 32,
      tcpDistance: 20,
      seenAtMs: 1000.5,
      retransmits: 0,
      vlan: 42,
      interfaceIndex: 9
    })
    if (typeof syn === "string") throw new Error(syn)
    expect([...syn.bytes.subarray(0, 52)]).toEqual([...packet.subarray(ip, ip + 52)])
    expect(syn.bytes[52]).toBe(0)
  })

  test("into a buffer that is not aligned", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    put(
      store,
      facts({}, 1, 0),
      Uint8Array.from({ length: 200 }, (_, i) => i),
      0,
      20,
      40
    )
    const into = { ...makeRawSyn(), bytes: new Uint8Array(512).subarray(3) }
    expect(look(store, keyOf({}), 0, into)).toBe("hit")
    expect([...into.bytes.subarray(0, 61)]).toEqual([...Array.from({ length: 60 }, (_, i) => i), 0])
  })

  test("long extension headers are cut, the TCP header never, the distance stays true", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    const packet = Uint8Array.from({ length: 500 }, (_, i) => i)
    put(store, facts({}, 1, 0), packet, 0, 400, 60)
    const syn = ask(store, {}, 0)
    if (typeof syn === "string") throw new Error(syn)
    expect(syn).toMatchObject({ ipCaptured: 180, tcp: 180, tcpCaptured: 60, tcpDistance: 400 })
    expect(syn.ipCaptured + syn.tcpCaptured).toBe(HEADER_BYTES)
    expect([...syn.bytes.subarray(180, 240)]).toEqual([...packet.subarray(400, 460)])
  })

  test("each part of the key separates connections", () => {
    const store = new SynStore(16, MAX_AGE, "connection")
    const whos: ReadonlyArray<Who> = [
      {},
      { cport: 1026 },
      { sport: 80 },
      { client: "192.0.2.2" },
      { server: "198.51.100.8" },
      { client: "2001:db8::1", server: "2001:db8::7" },
      { client: "2001:db8::1:0:0:1", server: "2001:db8::7" }
    ]
    for (const [n, who] of whos.entries()) add(store, who, n + 1, n)
    expect(store.entries).toBe(whos.length)
    for (const [n, who] of whos.entries()) expect(ask(store, who, n)).toMatchObject({ seenAtMs: n })
    expect(ask(store, { cport: 1027 }, 0)).toBe("not_captured")
  })

  test("a v4-mapped question is about IPv4", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 1, 5)
    const key = new Uint8Array(40)
    key[0] = 6
    key.set([0x04, 0x01, 0x01, 0xbb], 4)
    key.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, 1], 8)
    key.set([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 198, 51, 100, 7], 24)
    expect(look(store, key, 5, makeRawSyn())).toBe("hit")
  })
})

describe("the same key again", () => {
  test("an equal ISN later on the same interface is a retransmission; the first SYN stays", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 9, 1000, 2, 1)
    add(store, {}, 9, 2000, 2, 2)
    add(store, {}, 9, 4000, 2, 3)
    const syn = ask(store, {}, 5000)
    expect(syn).toMatchObject({ seenAtMs: 1000, retransmits: 2 })
    if (typeof syn !== "string") expect(syn.bytes[0]).toBe(1)
    expect([store.retransmits, store.copies, store.replaced, store.entries]).toEqual([2, 0, 0, 1])
  })

  test("an equal ISN on another interface, or at once, is a copy", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 9, 1000, 2)
    add(store, {}, 9, 1000.01, 3)
    add(store, {}, 9, 1000.02, 2)
    add(store, {}, 9, 3000, 3)
    expect(ask(store, {}, 3000)).toMatchObject({ retransmits: 0, interfaceIndex: 2 })
    expect([store.retransmits, store.copies]).toEqual([0, 3])
  })

  test("another ISN is another connection", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 9, 1000, 2, 1)
    add(store, {}, 9, 2000, 2, 1)
    add(store, {}, 10, 3000, 2, 7)
    const syn = ask(store, {}, 3000)
    expect(syn).toMatchObject({ seenAtMs: 3000, retransmits: 0 })
    if (typeof syn !== "string") expect(syn.bytes[0]).toBe(7)
    expect([store.replaced, store.entries, store.evictions]).toEqual([1, 1, 0])
  })

  test("unless it is older: interfaces are drained one after the other", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 10, 3000, 2)
    add(store, {}, 9, 1000, 3)
    expect(ask(store, {}, 3000)).toMatchObject({ seenAtMs: 3000 })
    expect([store.replaced, store.copies]).toEqual([0, 1])
  })

  test("ISNs compare as 32 bits: 0xffffffff and 0 are far apart, -1 and 0xffffffff are one", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, -1, 1000)
    add(store, {}, 0xffffffff | 0, 2000)
    expect(store.retransmits).toBe(1)
    add(store, {}, 0, 3000)
    expect(store.replaced).toBe(1)
  })
})

describe("age", () => {
  test("older than max_age is stale, and a retransmission makes it young", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 9, 1000)
    expect(ask(store, {}, 1000 + MAX_AGE)).toMatchObject({ seenAtMs: 1000 })
    expect(ask(store, {}, 1001 + MAX_AGE)).toBe("stale")
    add(store, {}, 9, 50_000)
    expect(ask(store, {}, 1001 + MAX_AGE)).toMatchObject({ seenAtMs: 1000, retransmits: 1 })
  })

  test("a clock that was set back makes nothing stale", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 9, 100_000)
    expect(ask(store, {}, 1000)).toMatchObject({ seenAtMs: 100_000 })
  })
})

describe("a full store", () => {
  test("gives up the oldest, counts it, and says how long SYNs stay", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    for (let n = 0; n < 6; n++) add(store, { cport: 2000 + n }, n, n * 10)
    expect([store.entries, store.evictions, store.retentionMs]).toEqual([4, 2, 40])
    expect(ask(store, { cport: 2001 }, 60)).toBe("not_captured")
    for (let n = 2; n < 6; n++) expect(ask(store, { cport: 2000 + n }, 60)).toMatchObject({ seenAtMs: n * 10 })
  })

  test("what was stale anyway is no eviction", () => {
    const store = new SynStore(2, MAX_AGE, "connection")
    add(store, { cport: 1 }, 1, 0)
    add(store, { cport: 2 }, 1, 0)
    add(store, { cport: 3 }, 1, MAX_AGE + 1)
    expect([store.evictions, store.retentionMs]).toEqual([0, MAX_AGE + 1])
  })

  test("a replaced connection counts as new: it is not the next to go", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    for (let n = 0; n < 3; n++) add(store, { cport: 2000 + n }, 1, n)
    add(store, { cport: 2000 }, 2, 10)
    for (let n = 0; n < 3; n++) add(store, { cport: 3000 + n }, 1, 20 + n)
    expect(ask(store, { cport: 2000 }, 30)).toMatchObject({ seenAtMs: 10 })
  })

  test("connections that all came again make room too, the one behind the head first", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    for (let n = 0; n < 4; n++) add(store, { cport: 2000 + n }, 1, n)
    for (let n = 0; n < 4; n++) add(store, { cport: 2000 + n }, 2, 10 + n)
    add(store, { cport: 3000 }, 1, 20)
    expect(ask(store, { cport: 2000 }, 30)).toBe("not_captured")
    for (let n = 1; n < 4; n++) expect(ask(store, { cport: 2000 + n }, 30)).toMatchObject({ seenAtMs: 10 + n })
    expect([store.entries, store.evictions, store.replaced]).toEqual([4, 1, 4])
  })

  test("the newest SYN of an address is the one that came last, not the one whose slot is newest", () => {
    for (const isAskedBefore of [false, true]) {
      const store = new SynStore(4, MAX_AGE, "connection")
      if (isAskedBefore) ask(store, { cport: 0 }, 0)
      add(store, { cport: 1 }, 1, 1)
      add(store, { cport: 2 }, 1, 2)
      add(store, { cport: 1 }, 2, 3)
      expect(ask(store, { cport: 0 }, 4)).toMatchObject({ seenAtMs: 3 })
    }
  })

  test("agrees with a plain model over random steps, round the slab many times", () => {
    const capacity = 257
    const store = new SynStore(capacity, MAX_AGE, "connection")
    const ring: Array<{ cport: number; isn: number; at: number; isRenewed: boolean } | undefined> = Array.from({
      length: capacity
    })
    let head = 0
    let state = 3
    const next = (bound: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      return (state >>> 8) % bound
    }
    let hits = 0
    for (let step = 0; step < rounds(200_000); step++) {
      const cport = 1 + next(400)
      const at = ring.findIndex((entry) => entry?.cport === cport)
      const known = ring[at]
      if (next(3) > 0) {
        const isn = next(4) === 0 && known !== undefined ? known.isn : step
        add(store, { cport }, isn, step)
        if (known?.isn === isn) continue
        if (known !== undefined) {
          ring[at] = { cport, isn, at: step, isRenewed: true }
          continue
        }
        for (; ring[head]?.isRenewed === true; head = (head + 1) % capacity) ring[head]!.isRenewed = false
        ring[head] = { cport, isn, at: step, isRenewed: false }
        head = (head + 1) % capacity
        continue
      }
      const syn = ask(store, { cport }, step)
      if (known === undefined) expect(syn).toBe("not_captured")
      else {
        hits++
        if (typeof syn === "string") throw new Error(`step ${step}: ${syn}`)
        expect(syn.seenAtMs).toBe(known.at)
        expect(syn.bytes[0]).toBe(known.isn & 255)
      }
    }
    expect(hits).toBeGreaterThan(rounds(20_000))
    expect(store.entries).toBe(ring.filter((entry) => entry !== undefined).length)
  })
})

describe('key = "client"', () => {
  test("leaves the server side out on both sides", () => {
    const store = new SynStore(4, MAX_AGE, "client")
    add(store, { server: "203.0.113.5", sport: 8080 }, 1, 7)
    expect(ask(store, {}, 8)).toMatchObject({ seenAtMs: 7 })
    expect(ask(store, { cport: 1026 }, 8)).toBe("not_captured")
    add(store, { server: "10.0.0.5", sport: 80 }, 1, 7.1, 5)
    expect([store.entries, store.copies]).toEqual([1, 1])
  })
})

describe("a search while SYNs come", () => {
  test("sees its own SYN arrive, and no other", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    store.seek(keyOf({}))
    add(store, { cport: 1026 }, 1, 1)
    expect(store.hasArrived).toBe(false)
    add(store, {}, 1, 2)
    expect(store.hasArrived).toBe(true)
    const into = makeRawSyn()
    expect(store.found(3, into)).toBe("hit")
    expect(into.seenAtMs).toBe(2)
    expect(store.hasArrived).toBe(false)
  })

  test("a retransmission or a copy is not an arrival, another ISN is", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    add(store, {}, 1, 1)
    store.seek(keyOf({}))
    add(store, {}, 1, 1000)
    add(store, {}, 1, 1000, 9)
    expect(store.hasArrived).toBe(false)
    add(store, {}, 2, 2000)
    expect(store.hasArrived).toBe(true)
    expect(store.found(2000, makeRawSyn())).toBe("hit")
    // The search has ended.
    add(store, {}, 3, 3000)
    expect(store.hasArrived).toBe(false)
  })

  test("what arrived and was evicted since is not given out", () => {
    const store = new SynStore(2, MAX_AGE, "connection")
    store.seek(keyOf({}))
    add(store, {}, 1, 1)
    add(store, { cport: 2 }, 1, 2)
    add(store, { cport: 3 }, 1, 3)
    expect(store.found(4, makeRawSyn())).toBe("not_captured")
  })
})

describe("a question without the client's port", () => {
  test("gets the newest SYN of the address", () => {
    const store = new SynStore(4, MAX_AGE, "connection")
    expect(ask(store, { cport: 0 }, 0)).toBe("not_captured")
    add(store, { cport: 1 }, 1, 1)
    add(store, { cport: 2 }, 1, 2)
    add(store, { cport: 3, client: "192.0.2.9" }, 1, 3)
    expect(ask(store, { cport: 0 }, 5)).toMatchObject({ seenAtMs: 2 })
    add(store, { cport: 1 }, 2, 4)
    expect(ask(store, { cport: 0 }, 5)).toMatchObject({ seenAtMs: 4 })
    // The head skipped its slot once, since its ports were used again.
    for (let n = 0; n < 5; n++) add(store, { cport: 1, client: `192.0.2.${50 + n}` }, 1, 10 + n)
    expect(ask(store, { cport: 0 }, 20)).toBe("not_captured")
    expect(ask(store, { cport: 0, client: "192.0.2.54" }, 20)).toMatchObject({ seenAtMs: 14 })
  })
})
