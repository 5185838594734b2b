import { describe, expect, test } from "bun:test"
import { ConnectionInfo, FIELDS, fieldOf, HINT_FIELDS, STATUSES } from "@synprint/core"
import { readVariables } from "../testing/haproxy-frames.ts"
import { testFingerprint } from "../testing/fixed-answerer.ts"
import { VariableWriter } from "./variables.ts"

const DEFAULTS = FIELDS.filter((field) => field.isDefault).map((field) => field.name)
const ALL = FIELDS.map((field) => field.name)
const GUARD = 0xa5

/** Returns the variables that HAProxy would set; asserts that nothing was written behind `limit`. */
function variables(writer: VariableWriter, info: ConnectionInfo, limit = 4000): Map<string, string | bigint | boolean> {
  const out = new Uint8Array(8192).fill(GUARD)
  const end = writer.write(info, out, 20, 20 + limit)
  expect(end).toBeLessThanOrEqual(20 + limit)
  return readVariables(out.subarray(20, end))
}

function infoOf(different: Partial<ConnectionInfo>): ConnectionInfo {
  const info = new ConnectionInfo()
  info.reset("ok")
  return Object.assign(info, different)
}

/** Everything known, every text as long as it gets in practice. */
const full = (): ConnectionInfo =>
  infoOf({
    fingerprint: testFingerprint({
      os: "Windows 7 or 8 (some of them, behind a long label)",
      osMatchQ: 3,
      dist: 255,
      mss: 65535,
      linkMtu: 65595,
      link: "generic tunnel or VPN",
      mtuOrigin: "interface",
      interfaceMss: 65535,
      linkCandidates: `"OpenVPN 2.6 over UDP";q=0.4, "WireGuard";q=0.3, "T-Mobile US";q=0.2`,
      distReason: "ttl-above-initial",
      rawSignature: `4:255+255:40:65535:65535,255:${Array.from({ length: 24 }, () => "?253").join(",")}:df,id+,id-,ecn,0+,flow,seq-,ack+,ack-,uptr+,urgf+,pushf+,ts1-,ts2+,opt+,exws,bad:+`
    }),
    hasHost: true,
    hints: `ua-mismatch;q=0.9;reason="windows ua, linux stack", tunnel;q=0.6;kind=wireguard`,
    hintParameters: HINT_FIELDS.map((name) => `;q=0.5;reason="${name}"`),
    retransmits: 6,
    rttMicros: 2147483647,
    chelloDelayMicros: 2147483647,
    tlsRttMicros: 2147483647,
    uptimeMinutes: 71582788,
    upModDays: 49710,
    nat: true,
    badSw: 2,
    httpName: "Baidu spider of the long name ab",
    httpFlavor: "10.x or newer (sometimes iPhone)",
    language: "Norwegian Nynorsk or the like abc",
    firstSeen: 4294967295,
    lastSeen: 4294967295,
    totalConn: 4294967295,
    lastNat: 4294967295,
    lastChg: 4294967295
  })

describe("values", () => {
  test("the default variables of a known stack, with known zeros", () => {
    const info = infoOf({
      fingerprint: testFingerprint({ os: "Linux 5.x", dist: 0, osMatchQ: 0 }),
      uptimeMinutes: 0,
      nat: true
    })
    expect([...variables(new VariableWriter(DEFAULTS), info)].toSorted()).toEqual(
      (
        [
          ["status", "ok"],
          ["done", "1"],
          ["os", "Linux 5.x"],
          ["os_match_q", 0n],
          ["dist", 0n],
          ["link", "Ethernet or modem"],
          ["link_mtu", 1500n],
          ["link_mss", 1460n],
          ["uptime", 0n],
          ["nat", "1"],
          ["sig", "4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"]
        ] as Array<[string, string | bigint]>
      ).toSorted()
    )
  })

  test("what isn't known is not set: an unknown stack, a SYN without MSS", () => {
    const info = infoOf({
      fingerprint: testFingerprint({
        os: undefined,
        mss: 0,
        linkMtu: 0,
        link: undefined,
        mtuOrigin: undefined,
        interfaceMss: 0,
        dist: 7
      })
    })
    expect([...variables(new VariableWriter(ALL), info).keys()].toSorted()).toEqual(["dist", "done", "sig", "status"])
  })

  test("status and done alone for every status without a fingerprint, even if neither was chosen", () => {
    for (const status of STATUSES) {
      const info = new ConnectionInfo()
      info.reset(status)
      for (const chosen of [ALL, DEFAULTS, [], ["os"]]) {
        expect([...variables(new VariableWriter(chosen), info)]).toEqual([
          ["status", status],
          ["done", "1"]
        ])
      }
    }
  })

  test("by_address reports the host record", () => {
    const info = infoOf({
      status: "by_address",
      hasHost: true,
      hostOs: "Linux",
      hostOsMatchQ: 2,
      hostDist: 9,
      hostLink: "DSL",
      uptimeMinutes: 5
    })
    expect(Object.fromEntries(variables(new VariableWriter(ALL), info))).toEqual({
      status: "by_address",
      done: "1",
      os: "Linux",
      os_match_q: 2n,
      dist: 9n,
      link: "DSL",
      uptime: 5n
    })
  })

  test("only what was chosen, everything when all is", () => {
    expect([...variables(new VariableWriter(["link", "total_conn"]), full()).keys()]).toEqual([
      "status",
      "done",
      "link",
      "total_conn"
    ])
    expect([...variables(new VariableWriter(ALL), full()).keys()].toSorted()).toEqual([...ALL].toSorted())
    expect(variables(new VariableWriter(ALL), full()).get("first_seen")).toBe(4294967295n)
    expect(variables(new VariableWriter(ALL), full()).get("bad_sw")).toBe("1")
  })

  test("text from a database that is no printable ASCII can't break a header", () => {
    const info = infoOf({ fingerprint: testFingerprint({ os: "a\r\nX-Evil: b\u0000\u00ff\u{1f600}" }) })
    expect(variables(new VariableWriter(DEFAULTS), info).get("os")).toBe("a??X-Evil: b????")
  })

  test("every field of core is known to the writer", () => {
    expect(variables(new VariableWriter(ALL), full()).size).toBe(ALL.length)
  })
})

describe("size", () => {
  test("the longest SYN with all variables stays within 371 bytes, and the first fields are the ones that stay", () => {
    const writer = new VariableWriter(ALL)
    const kept = [...variables(writer, full(), 371).keys()]
    expect(writer.isTruncated).toBe(true)
    expect(kept.slice(0, 6)).toEqual(["status", "done", "os", "os_match_q", "dist", "link"])
    expect(kept).not.toContain("sig")
    expect(kept.map((name) => ALL.indexOf(name))).toEqual(
      kept.map((name) => ALL.indexOf(name)).toSorted((a, b) => a - b)
    )
  })

  test("for every limit: within it, status and done always, and nothing left out that would fit by itself before the first loss", () => {
    const writer = new VariableWriter(ALL)
    let before = 2
    for (let limit = 40; limit < 1800; limit++) {
      const kept = variables(writer, full(), limit)
      expect(kept.get("status")).toBe("ok")
      expect(kept.get("done")).toBe("1")
      expect(writer.isTruncated).toBe(kept.size < ALL.length)
      if (kept.size === ALL.length) before = limit
    }
    expect(before).toBeGreaterThan(400)
  })

  test("a text of any length is left out, not cut", () => {
    const info = infoOf({
      fingerprint: testFingerprint({ os: "x".repeat(20_000), rawSignature: "sig" }),
      httpName: "y".repeat(9000)
    })
    const writer = new VariableWriter(ALL)
    const kept = variables(writer, info, 371)
    expect(kept.has("os")).toBe(false)
    expect(kept.get("sig")).toBe("sig")
    expect(writer.isTruncated).toBe(true)
  })
})

describe("fingerprints", () => {
  test("are encoded once, and again for a writer with other variables", () => {
    const fingerprint = testFingerprint({ os: "Linux" })
    const info = infoOf({ fingerprint })
    const first = new VariableWriter(DEFAULTS)
    const wanted = variables(first, info)
    const encoded = fingerprint.encoded
    expect(encoded).toBeDefined()
    variables(first, info)
    expect(fingerprint.encoded).toBe(encoded)
    expect([...variables(new VariableWriter(["os"]), info).keys()]).toEqual(["status", "done", "os"])
    expect(fingerprint.encoded).not.toBe(encoded)
    expect(variables(first, info)).toEqual(wanted)
  })

  test("the encoded block gives the same variables as field by field", () => {
    const info = full()
    const writer = new VariableWriter(ALL)
    const fast = variables(writer, info, 8000)
    expect(writer.isTruncated).toBe(false)
    expect([...fast.keys()].toSorted()).toEqual([...ALL].toSorted())
    expect(fast.get("sig")).toBe(info.fingerprint!.rawSignature)
  })
})

test.each(["fingerprint", "connection", "timing", "hint"] as const)(
  "a field of scope %s that is added to the table is a variable",
  (scope) => {
    const extra = { ...fieldOf("retransmits"), scope, name: "extra", read: () => 42 }
    const writer = new VariableWriter(["extra"], [...FIELDS, extra])
    const info = infoOf({ fingerprint: testFingerprint() })
    expect([...variables(writer, info)]).toEqual([
      ["status", "ok"],
      ["done", "1"],
      ["extra", 42n]
    ])
    expect(variables(new VariableWriter(["os"], [...FIELDS, extra]), info).has("extra")).toBe(false)
  }
)
