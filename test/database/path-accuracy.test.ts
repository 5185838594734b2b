/**
 * The path signal on what is known: every measured tunnel, and a kernel whose interfaces had every MTU.
 */
import { expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { BUILTIN, BUILTIN_DATABASE, Matcher, REQUEST, type Shape, readDatabases } from "@synprint/core"
import { isAmongCandidates, readTunnelTable, sharedFile, signaturePacket } from "@synprint/core/testing"

const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
const matcher = new Matcher(database!, "modern", 1024)
const shapeOf = (signature: string): Shape => matcher.shapeOf(signaturePacket(signature), REQUEST, 0)

const tunnels = sharedFile("data/groundtruth/vpn-mss.tsv")
test.skipIf(tunnels === undefined)(
  "every measured tunnel: origin, and kind, version and transport among the candidates",
  () => {
    const rows = readTunnelTable(tunnels!)
    expect(rows.length).toBeGreaterThan(200)
    const wrong = rows.filter((row) => {
      const shape = shapeOf(row.signature)
      return shape.mtuOrigin !== row.origin || !isAmongCandidates(row, shape)
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
    const shape = shapeOf(signature.replace(/^((?:[^:]*:){4})[^,]*/, `$1${window}`))
    if (AMBIGUOUS.has(scenario)) continue
    expect([scenario, shape.mtuOrigin]).not.toEqual([scenario, "clamped"])
    if (shape.interfaceMss === 0) continue
    expect([scenario, shape.interfaceMss]).toEqual([scenario, Number(mss)])
    own++
  }
  expect(own).toBeGreaterThan(400)
})
