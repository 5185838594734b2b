import { expect, test } from "bun:test"
import { signaturePacket } from "../../testing/signature-packet.ts"
import { BUILTIN, BUILTIN_DATABASE } from "../database/builtin.ts"
import { readDatabases } from "../database/reader.ts"
import type { Signature } from "../signature/signature.ts"
import { distanceReason, reportedDistance } from "./distance-reason.ts"
import { Matcher } from "../matching/matcher.ts"
import { REQUEST } from "../direction.ts"

const matcher = new Matcher(
  readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern").database!,
  "modern",
  64
)
const LINUX = "1460:64240,7:mss,sok,ts,nop,ws:df,id+:0"
const NOBODY = "1460:4321,7:sok,mss,ts:df,id+:0"

// Case, signature, reason, reported hops (-1: none).
const CASES = [
  ["Linux twelve hops away", `4:52:0:${LINUX}`, undefined, 12],
  ["Linux whose TTL was raised", `4:250:0:${LINUX}`, "ttl-above-initial", 5],
  ["Linux set to 128", `4:120:0:${LINUX}`, "ttl-above-initial", 8],
  ["Linux with TTL 20", `4:20:0:${LINUX}`, "ttl-below-initial", 12],
  ["Linux with TTL 70", `4:70:0:${LINUX}`, "excess-distance", -1],
  ["nmap", "4:41:0:1460:1024,0:mss::0", "random-ttl", -1],
  ["masscan", "4:240:0:0:1024,0:::0", undefined, 15],
  ["nobody known, TTL 57", `4:57:0:${NOBODY}`, undefined, 7],
  ["nobody known, TTL 250", `4:250:0:${NOBODY}`, "ttl-above-usual", 5],
  ["nobody known, TTL 30", `4:30:0:${NOBODY}`, "ttl-below-usual", 2],
  ["nobody known, TTL 180", `4:180:0:${NOBODY}`, "excess-distance", -1]
] as const
for (const [what, signature, reason, reported] of CASES) {
  test(`${what}: ${reason ?? "reported"}`, () => {
    const fingerprint = matcher.fingerprintOf(signaturePacket(signature), REQUEST, 0)
    expect([fingerprint.distReason, reportedDistance(fingerprint)]).toEqual([reason, reported])
  })
}

// A known stack's initial TTL (0: no match), TTL, distance, reason.
const BORDERS = [
  [64, 64, 0, undefined],
  [64, 65, 0, "ttl-above-initial"],
  [64, 29, 35, undefined],
  [64, 28, 4, "ttl-below-initial"],
  [64, 28, 35, "ttl-below-initial"],
  [64, 28, 36, "excess-distance"],
  [0, 128, 0, undefined],
  [0, 129, 35, "ttl-above-usual"],
  [0, 129, 36, "excess-distance"],
  [0, 33, 31, undefined],
  [0, 32, 0, "ttl-below-usual"]
] as const
for (const [ittl, ttl, dist, reason] of BORDERS) {
  test(`initial TTL ${ittl === 0 ? "not known" : ittl}, TTL ${ttl}, ${dist} hops: ${reason ?? "relied on"}`, () => {
    const match = ittl === 0 ? undefined : { signature: { ittl, badTtl: false } as Signature }
    expect(distanceReason({ match, ttl, dist })).toBe(reason)
  })
}
