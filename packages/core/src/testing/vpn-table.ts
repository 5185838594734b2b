/**
 * The measured tunnels of shared/data/groundtruth/vpn-mss.tsv: inner SYNs of a Linux client as the exit sees them, with what is known
 * to have carried them.
 */
import { readFileSync } from "node:fs"
import type { TcpFingerprint } from "../tcp/matching/fingerprint.ts"

export interface TunnelRow {
  /** `ovpn26-udp6-GCM-default`. */
  readonly scenario: string
  readonly signature: string
  /** Origin of the MSS; unknown where nothing changed it (mssfix 0). */
  readonly origin: "interface" | "clamped" | "unknown"
  readonly kind: "openvpn" | "wireguard"
  /** `2.4`; empty for WireGuard. */
  readonly version: string
  readonly transport: "udp" | "tcp" | undefined
  /** The tunnel's own packets are IPv6. */
  readonly overIpv6: boolean
}

const SCENARIO = /^ovpn(2\.\d+|26)[.\d]*-(udp|tcp)(6?)-(.*)$/

/** Every row; throws for a scenario that it does not know. */
export function readTunnelTable(path: string): ReadonlyArray<TunnelRow> {
  const rows: Array<TunnelRow> = []
  for (const line of readFileSync(path, "utf8").trim().split("\n").slice(1)) {
    const [scenario = "", , , , window = "", , raw = ""] = line.split("\t")
    // A raw signature may hide the window behind another divisor.
    const signature = raw.replace(/^((?:[^:]*:){4})[^,]*/, `$1${window}`)
    if (scenario.startsWith("wireguard")) {
      const known = {
        kind: "wireguard",
        origin: "interface",
        version: "",
        transport: undefined,
        overIpv6: false
      } as const
      rows.push({ scenario, signature, ...known })
      continue
    }
    const [, version = "", transport = "", outer = "", options = ""] = SCENARIO.exec(scenario) ?? []
    if (version === "") throw new Error(`${path}: scenario ${scenario} is not known`)
    const origin = options.includes("mssfix0") ? "unknown" : options.includes("tunmtu") ? "interface" : "clamped"
    rows.push({
      scenario,
      signature,
      origin,
      kind: "openvpn",
      version: version === "26" ? "2.6" : version,
      transport: transport === "tcp" ? "tcp" : "udp",
      overIpv6: outer === "6"
    })
  }
  return rows
}

/** Returns true if a candidate of the fingerprint names the real carrier. */
export function isAmongCandidates(row: TunnelRow, fingerprint: TcpFingerprint): boolean {
  return fingerprint.candidates.some(({ kind, name, versions, transport }) => {
    if (kind !== row.kind || row.kind === "wireguard") return kind === row.kind
    if (row.origin === "unknown") return true
    return versions.includes(row.version) && transport === row.transport && name.endsWith("over IPv6") === row.overIpv6
  })
}
