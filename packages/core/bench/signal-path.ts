/**
 * Part (d): 224 SYNs that came through OpenVPN and WireGuard. Where their MSS comes from, and whether the real tunnel, its version and
 * its transport are among the candidates; p0f names a link by the MTU alone.
 */
import { BUILTIN, BUILTIN_DATABASE } from "../src/tcp/database/builtin.ts"
import { readDatabases } from "../src/tcp/database/reader.ts"
import { Matcher } from "../src/tcp/matching/matcher.ts"
import { REQUEST } from "../src/tcp/direction.ts"
import { tunnelOf } from "../src/tcp/path/link-table.ts"
import { sharedFile } from "../src/testing/shared.ts"
import { signatureFields } from "../src/testing/signature-fields.ts"
import { signaturePacket } from "../src/testing/signature-packet.ts"
import { isAmongCandidates, readTunnelTable } from "../src/testing/vpn-table.ts"
import { askP0f } from "./p0f-peer.ts"
import { share, shareRow, type SignalPart } from "./part.ts"

export const part: SignalPart = {
  title: "(d) tunnels, groundtruth/vpn-mss.tsv",
  run: () => {
    const table = sharedFile("data/groundtruth/vpn-mss.tsv")
    if (table === undefined) return "the measured tunnels are not there"
    const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
    const matcher = new Matcher(database!, "modern", 1024)
    const rows = readTunnelTable(table)
    const links = askP0f(rows.map(({ signature }) => signatureFields(signature)!))?.map(({ link }) => link)
    const changed = rows.filter(({ origin }) => origin !== "unknown")
    const p0f = { kind: 0, tunnel: 0, none: 0 }
    let [origins, untouched, among, first, wireguard, clampedWireguard, named] = [0, 0, 0, 0, 0, 0, 0]
    const wrong: Array<string> = []
    for (const [at, row] of rows.entries()) {
      const fingerprint = matcher.fingerprintOf(signaturePacket(row.signature), REQUEST, 0)
      const tunnel = tunnelOf(fingerprint)
      if (fingerprint.mtuOrigin !== row.origin)
        wrong.push(`${row.scenario}: origin ${fingerprint.mtuOrigin} for ${row.signature}`)
      else if (row.origin === "unknown") untouched++
      else origins++
      if (isAmongCandidates(row, fingerprint)) among++
      else wrong.push(`${row.scenario}: ${fingerprint.linkCandidates ?? "no candidates"} for ${row.signature}`)
      if (row.kind === "wireguard") {
        wireguard++
        if (fingerprint.mtuOrigin === "clamped") clampedWireguard++
      }
      if (row.origin !== "unknown") {
        if (tunnel?.kind === row.kind) first++
        if (fingerprint.link?.toLowerCase().includes(row.kind)) named++
        const link = links?.[at]
        if (link === undefined) p0f.none++
        else if (link.toLowerCase().includes(row.kind)) p0f.kind++
        else if (/tunnel|VPN|IPSec/i.test(link)) p0f.tunnel++
      }
    }
    const peer = (text: string): string => (links === undefined ? "not installed" : text)
    return {
      rows: [
        shareRow("mtu_origin, MSS changed", origins, changed.length, "-", 1),
        shareRow("mtu_origin unknown, mssfix 0", untouched, rows.length - changed.length, "-", 1),
        {
          name: "WireGuard called clamped",
          ours: share(clampedWireguard, wireguard),
          p0f: "-",
          bar: "0",
          missed: clampedWireguard > 0 || wireguard === 0
        },
        shareRow("kind, version, transport among candidates", among, rows.length, "-", 1),
        shareRow("short name says the kind", named, changed.length, peer(share(p0f.kind, changed.length)), 0),
        shareRow(
          "likeliest tunnel is the kind",
          first,
          changed.length,
          peer(`${p0f.tunnel} "tunnel or VPN", ${p0f.none} ???`),
          0
        )
      ],
      notes: wrong
    }
  }
}
