/**
 * Tunnel: whether the link of a SYN is a tunnel, and which, out of its candidates. PPPoE, DS-Lite and 6rd are ways of an access line
 * and an overlay is a data centre's own affair: none of them counts.
 */
import { isTunnelKind, type Tunnel } from "./link-table.ts"
import type { TcpFingerprint } from "../matching/fingerprint.ts"

/** The tunnel that a SYN came through; undefined when no candidate is one. */
export function tunnelOf(fingerprint: Pick<TcpFingerprint, "candidates">): Tunnel | undefined {
  let sum = 0
  let kind: Tunnel["kind"] | undefined
  const weights = new Map<Tunnel["kind"], number>()
  for (const candidate of fingerprint.candidates) {
    if (!isTunnelKind(candidate.kind)) continue
    sum += candidate.weight
    const weight = (weights.get(candidate.kind) ?? 0) + candidate.weight
    weights.set(candidate.kind, weight)
    if (kind === undefined || weight > weights.get(kind)!) kind = candidate.kind
  }
  if (kind === undefined) return undefined
  return { kind: weights.get(kind)! * 2 < sum ? "vpn" : kind, weight: Math.min(sum, 100) }
}
