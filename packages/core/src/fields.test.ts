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

describe("values of fields", () => {
  test("those that the agent sets by itself", () => {
    expect(
      FIELDS.filter(({ isDefault }) => isDefault)
        .map(({ name }) => name)
        .join(" ")
    ).toBe("status done os os_match_q dist link link_mtu link_mss uptime nat sig")
  })

  test("each is that of its own name", () => {
    const info = known()
    const read = (name: string): string | number | undefined => fieldOf(name).read(info)
    expect([read("status"), read("done"), read("os"), read("os_match_q"), read("link")]).toEqual([
      "ok",
      "1",
      "Linux",
      1,
      "Ethernet"
    ])
    expect(read("dist")).toBe(info.hostDist)
    expect([read("uptime"), read("up_mod_days")]).toEqual([info.uptimeMinutes, info.upModDays])
    expect([read("rtt"), read("chello_delay"), read("tls_rtt"), read("retransmits")]).toEqual([
      info.rttMicros,
      info.chelloDelayMicros,
      info.tlsRttMicros,
      info.retransmits
    ])
    expect([read("first_seen"), read("last_seen"), read("total_conn"), read("last_nat"), read("last_chg")]).toEqual([
      info.firstSeen,
      info.lastSeen,
      info.totalConn,
      info.lastNat,
      info.lastChg
    ])
    expect([read("nat"), read("bad_sw"), read("http_name"), read("http_flavor"), read("language")]).toEqual([
      "1",
      "1",
      "curl",
      "7",
      "English"
    ])
    expect([read("hints"), read("tunnel")]).toEqual(["tunnel;q=0.5", "0.5"])
    // Without a fingerprint there is none of the SYN.
    for (const name of ["link_mtu", "link_mss", "sig", "mtu_origin", "interface_mss", "link_candidates", "dist_reason"])
      expect([name, read(name)]).toEqual([name, undefined])
  })

  test("a fingerprint takes the place of what is on file about the address", () => {
    const info = known()
    const fingerprint = {
      os: "Windows",
      osMatchQ: 3,
      dist: 5,
      link: "PPPoE",
      linkMtu: 1492,
      mss: 1452,
      rawSignature: "raw",
      mtuOrigin: "clamped",
      interfaceMss: 1460,
      linkCandidates: "list",
      distReason: undefined
    }
    info.fingerprint = fingerprint as unknown as NonNullable<ConnectionInfo["fingerprint"]>
    const values = (): Readonly<Record<string, unknown>> =>
      Object.fromEntries(
        FIELDS.filter(({ scope }) => scope === "fingerprint").map(({ name, read }) => [name, read(info)])
      )
    expect(values()).toEqual({
      os: "Windows",
      os_match_q: 3,
      dist: 5,
      link: "PPPoE",
      link_mtu: 1492,
      link_mss: 1452,
      sig: "raw",
      mtu_origin: "clamped",
      interface_mss: 1460,
      link_candidates: "list",
      dist_reason: undefined
    })
    // No match has no quality, a bound of the hops is no distance, and 0 is no MSS.
    Object.assign(fingerprint, { os: undefined, distReason: "random-ttl", linkMtu: 0, mss: 0, interfaceMss: 0 })
    expect(values()).toMatchObject({ os: undefined, os_match_q: undefined, dist: undefined, dist_reason: "random-ttl" })
    expect(values()).toMatchObject({ link_mtu: undefined, link_mss: undefined, interface_mss: undefined })
    info.fingerprint = undefined
    info.hostOs = undefined
    info.hostDist = -1
    expect(values()).toMatchObject({ os: undefined, os_match_q: undefined, dist: undefined })
  })

  test("a header is reserved by its prefix, in any case and with either dash", () => {
    for (const name of ["x-tcp-os", "X_TCP_OS", "X-TLS-x", "x-p0f-", "X-Huginn_Net-TCP"])
      expect([name, isReservedHeader(name)]).toEqual([name, true])
    for (const name of ["", "x-tcp", "x-tcpx-os", "ax-tcp-os", "host"])
      expect([name, isReservedHeader(name)]).toEqual([name, false])
  })

  test("a name that is none", () => {
    expect(() => fieldOf("nothing")).toThrow("there is no field nothing")
  })
})
