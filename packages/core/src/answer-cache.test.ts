import { expect, test } from "bun:test"
import { makeConnectionKey, parseConnectionKey } from "./packet/connection-key.ts"
import { ConnectionInfo } from "./connection-info.ts"
import { AnswerCache } from "./answer-cache.ts"

const key = (client: string, port: number) => {
  const made = makeConnectionKey()
  expect(parseConnectionKey(client, port, "192.0.2.1", 443, made)).toBe(true)
  return made
}

test("a stored answer comes back whole", () => {
  const answers = new AnswerCache(8, 1)
  const reported = new ConnectionInfo()
  Object.assign(reported, {
    status: "ok",
    nat: true,
    sharedScore: 100,
    sharedReasons: (1 << 13) - 1,
    hasHost: true,
    retransmits: 2,
    uptimeMinutes: 90,
    upModDays: 49,
    firstSeen: 3_000_000_000,
    lastSeen: 3_000_000_001,
    totalConn: 7,
    lastNat: 5,
    lastChg: 6
  })
  const at = answers.add(key("198.51.100.7", 40_000))
  answers.fingerprintKeys[answers.fingerprintKeyAt(at)] = 1234
  answers.store(at, -5, reported)
  expect(answers.find(key("198.51.100.7", 40_001))).toBe(-1)
  const found = answers.find(key("198.51.100.7", 40_000))
  const again = new ConnectionInfo()
  answers.restore(found, again)
  expect(again).toEqual(reported)
  expect(answers.isnOf(found)).toBe(-5)
  expect(answers.fingerprintKeys[answers.fingerprintKeyAt(found)]).toBe(1234)
})

test("a full table evicts what was not asked for lately, and finds the rest", () => {
  const answers = new AnswerCache(64, 99)
  const blank = new ConnectionInfo()
  for (let port = 1; port <= 64; port++) answers.store(answers.add(key("198.51.100.1", port)), port, blank)
  // The first round clears every mark; from then on a port that is asked for before each newcomer stays.
  for (let port = 65; port <= 1000; port++) {
    expect(answers.find(key("198.51.100.1", 64)) >= 0).toBe(true)
    answers.store(answers.add(key("198.51.100.1", port)), port, blank)
  }
  expect(answers.size).toBe(64)
  expect(answers.evictions).toBe(936)
  const kept = Array.from({ length: 1000 }, (_, i) => answers.find(key("198.51.100.1", i + 1))).filter((at) => at >= 0)
  expect(new Set(kept).size).toBe(64)
  expect(answers.isnOf(answers.find(key("198.51.100.1", 64)))).toBe(64)
})

test("every word of an answer has a place of its own, whatever the other words and the neighbours hold", () => {
  const answers = new AnswerCache(3, 7)
  const fill = (n: number): ConnectionInfo => {
    const info = new ConnectionInfo()
    info.reset("ok")
    Object.assign(info, {
      nat: n % 2 === 0,
      hasHost: n % 2 === 1,
      sharedScore: n % 101,
      sharedReasons: 1000 + n,
      retransmits: 10 + n,
      uptimeMinutes: 20 + n,
      upModDays: 30 + n,
      firstSeen: 40 + n,
      lastSeen: 50 + n,
      totalConn: 60 + n,
      lastNat: 70 + n,
      lastChg: 80 + n
    })
    return info
  }
  const add = (n: number): void => {
    const entry = answers.add(key("198.51.100.7", n))
    answers.store(entry, 900 + n, fill(n))
    for (let word = 0; word < 10; word++)
      answers.fingerprintKeys[answers.fingerprintKeyAt(entry) + word] = n * 100 + word
  }
  const expectThere = (n: number): void => {
    const entry = answers.find(key("198.51.100.7", n))
    const info = new ConnectionInfo()
    answers.restore(entry, info)
    expect(info).toEqual(fill(n))
    expect(answers.isnOf(entry)).toBe(900 + n)
    const at = answers.fingerprintKeyAt(entry)
    expect([...answers.fingerprintKeys.subarray(at, at + 10)]).toEqual(
      Array.from({ length: 10 }, (_, word) => n * 100 + word)
    )
  }
  for (const n of [1, 2, 3]) add(n)
  for (const n of [1, 2, 3]) expectThere(n)
  // So many more that an index from which nothing is removed would be full.
  for (let n = 4; n < 200; n++) {
    add(n)
    expectThere(n)
    expect(answers.size).toBe(3)
  }
  expect(answers.evictions).toBe(196)
  expect([1, 2, 3].map((n) => answers.find(key("198.51.100.7", n)))).toEqual([-1, -1, -1])
  expect([new AnswerCache(0, 1).capacity, new AnswerCache(-3, 1).capacity, new AnswerCache(2, 1).capacity]).toEqual([
    1, 1, 2
  ])
})
