import { describe, expect, test } from "bun:test"
import { AnswerCache } from "./answer-cache.ts"
import { ConnectionInfo } from "./connection-info.ts"
import { FIELDS, fieldOf, isReservedHeader } from "./fields.ts"
import { HINT_FIELDS } from "./hints/hint.ts"
import { makeConnectionKey } from "./packet/connection-key.ts"

/** Values of HTTP, which each request adds again: no cache keeps them. */
const OF_REQUESTS = new Set(["bad_sw", "http_name", "http_flavor", "language"])

/** A connection of which everything is known, each number another one. */
function known(): ConnectionInfo {
  const info = new ConnectionInfo()
  let number = 100
  for (const [name, value] of Object.entries(info)) {
    const values = info as unknown as Record<string, unknown>
    if (typeof value === "number") values[name] = ++number
    else if (typeof value === "boolean") values[name] = true
  }
  return Object.assign(info, {
    status: "ok",
    hostOs: "Linux",
    hostOsMatchQ: 1,
    hostLink: "Ethernet",
    hints: "tunnel;q=0.5",
    hintParameters: HINT_FIELDS.map(() => ";q=0.5"),
    httpName: "curl",
    httpFlavor: "7",
    language: "English",
    sharedScore: 55,
    sharedReasons: 5
  })
}

describe("the table of fields", () => {
  test("no name occurs twice, in no preset", () => {
    expect(new Set(FIELDS.map(({ name }) => name)).size).toBe(FIELDS.length)
    for (const preset of ["x-tcp", "x-p0f", "seed", "huginn"] as const) {
      const names = FIELDS.flatMap(({ headers }) => headers[preset]).map((name) => name.toLowerCase())
      expect(new Set(names).size).toBe(names.length)
    }
  })

  test("every header is reserved: no client can send it", () => {
    for (const name of FIELDS.flatMap(({ headers }) => Object.values(headers).flat()))
      expect([name, isReservedHeader(name)]).toEqual([name, true])
  })

  test("every hint has a row, and every row a text for the documents", () => {
    expect(FIELDS.filter(({ scope, name }) => scope === "hint" && name !== "hints").map(({ name }) => name)).toEqual([
      ...HINT_FIELDS
    ])
    for (const { name, text } of FIELDS) expect([name, text.length > 5]).toEqual([name, true])
  })

  test("after a reset no value of the connection before is left", () => {
    const info = known()
    info.reset("stale")
    const fresh = new ConnectionInfo()
    fresh.status = "stale"
    expect(info).toEqual(fresh)
    expect(FIELDS.filter(({ read }) => read(info) !== undefined).map(({ name }) => name)).toEqual(["status", "done"])
  })

  test("a cached answer gives every field of the connection again", () => {
    const cache = new AnswerCache(4, 1)
    const info = known()
    const entry = cache.add(makeConnectionKey())
    cache.store(entry, 7, info)
    const again = new ConnectionInfo()
    cache.restore(entry, again)
    for (const { name, scope, read } of FIELDS) {
      if (scope === "connection" && !OF_REQUESTS.has(name)) expect([name, read(again)]).toEqual([name, read(info)])
    }
    expect([again.hasHost, again.sharedScore, again.sharedReasons]).toEqual([true, 55, 5])
  })

  test("0 and -1 are not known where they mean that", () => {
    const info = new ConnectionInfo()
    for (const name of ["uptime", "retransmits", "rtt", "chello_delay", "tls_rtt"]) {
      expect(fieldOf(name).read(info)).toBeUndefined()
    }
    Object.assign(info, { uptimeMinutes: 0, retransmits: 0, rttMicros: 0, chelloDelayMicros: 0, tlsRttMicros: 0 })
    for (const name of ["uptime", "retransmits", "rtt", "chello_delay", "tls_rtt"]) {
      expect(fieldOf(name).read(info)).toBe(0)
    }
    for (const name of ["first_seen", "total_conn", "last_nat", "up_mod_days", "link_mtu"])
      expect(fieldOf(name).read(info)).toBeUndefined()
  })

  test("the days after which a clock wraps are sent with an uptime only", () => {
    const info = new ConnectionInfo()
    info.upModDays = 49
    expect(fieldOf("up_mod_days").read(info)).toBeUndefined()
    info.uptimeMinutes = 0
    expect(fieldOf("up_mod_days").read(info)).toBe(49)
  })
})
