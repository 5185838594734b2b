/**
 * The path signal on what is known: every measured tunnel, and a kernel whose interfaces had every MTU.
 */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { BUILTIN, BUILTIN_DATABASE, Matcher, REQUEST, type TcpFingerprint, readDatabases } from "@synprint/core"
import { isAmongCandidates, readTunnelTable, sharedFile, signaturePacket } from "@synprint/core/testing"

const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
const matcher = new Matcher(database!, "modern", 1024)
const fingerprintOf = (signature: string): TcpFingerprint =>
  matcher.fingerprintOf(signaturePacket(signature), REQUEST, 0)

const tunnels = sharedFile("data/groundtruth/vpn-mss.tsv")
test.skipIf(tunnels === undefined)(
  "every measured tunnel: origin, and kind, version and transport among the candidates",
  () => {
    const rows = readTunnelTable(tunnels!)
    expect(rows.length).toBeGreaterThan(200)
    const wrong = rows.filter((row) => {
      const fingerprint = fingerprintOf(row.signature)
      return fingerprint.mtuOrigin !== row.origin || !isAmongCandidates(row, fingerprint)
    })
    expect(wrong).toEqual([])
  }
)

/** The one window that fits both readings (45 * 1440 = 48 * 1350): a clamp of OpenVPN is likelier than an interface of MTU 1410. */
const AMBIGUOUS = new Set(["mtu1410-v6"])

const kernel = sharedFile("data/groundtruth/linux-6.18-syn.tsv")
test.skipIf(kernel === undefined)("Linux 6.18 at every MTU: the sender's own interface, never a clamp", () => {
  let own = 0
  for (const line of readFileSync(kernel!, "utf8").trim().split("\n").slice(1)) {
    const [scenario = "", , , , , , signature = "", , ja4t = ""] = line.split("\t")
    const [window = "", , mss = ""] = ja4t.split("_")
    const fingerprint = fingerprintOf(signature.replace(/^((?:[^:]*:){4})[^,]*/, `$1${window}`))
    if (AMBIGUOUS.has(scenario)) continue
    expect([scenario, fingerprint.mtuOrigin]).not.toEqual([scenario, "clamped"])
    if (fingerprint.interfaceMss === 0) continue
    expect([scenario, fingerprint.interfaceMss]).toEqual([scenario, Number(mss)])
    own++
  }
  expect(own).toBeGreaterThan(400)
})
