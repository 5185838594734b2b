/**
 * The path of a signature in words: where its MSS comes from, which links fit, and why its distance can't be relied on.
 */
import type { DistanceReason } from "../path/distance-reason.ts"
import type { LinkCandidate } from "../path/link-table.ts"
import type { MtuOrigin } from "../path/mtu-origin.ts"
import type { TcpFingerprint } from "../matching/fingerprint.ts"

export interface ExplainedPath {
  readonly mtuOrigin: MtuOrigin
  /** 0 not known. */
  readonly interfaceMss: number
  readonly candidates: ReadonlyArray<LinkCandidate>
  readonly distReason: DistanceReason | undefined
}

/** undefined for a SYN without MSS and for a tool. */
export function explainPath(fingerprint: TcpFingerprint): ExplainedPath | undefined {
  const { mtuOrigin, interfaceMss, candidates, distReason } = fingerprint
  return mtuOrigin === undefined ? undefined : { mtuOrigin, interfaceMss, candidates, distReason }
}

const DISTANCES: Readonly<Record<DistanceReason, string>> = {
  "random-ttl": "the sender draws its TTL at random: hops are at most that many",
  "excess-distance": "no path has that many hops from any usual initial TTL",
  "ttl-above-initial":
    "the TTL is above that of the stack: changed on the way or by configuration, the hops are a guess",
  "ttl-below-initial": "no path has that many hops from the stack's initial TTL: the hops are a guess from a lower one",
  "ttl-above-usual": "no known stack says that it began with 255: the hops are a guess",
  "ttl-below-usual": "no known stack says that it began with 32: the hops are a guess"
}

function originText({ mtuOrigin, interfaceMss }: ExplainedPath): string {
  if (mtuOrigin === "interface") return "the window counts in this MSS: the sender's own interface has it"
  if (mtuOrigin === "clamped") return `the window counts in MSS ${interfaceMss}: something on the way lowered it`
  if (interfaceMss > 0) return "full size: no small interface shows in it, and nobody lowered it"
  return "the window doesn't tell"
}

/** Rows of head, key and text (text.ts). */
export function pathRows(path: ExplainedPath): ReadonlyArray<readonly [string, string, string]> {
  const rows: Array<readonly [string, string, string]> = [["path", path.mtuOrigin, originText(path)]]
  for (const { name, weight, evidence, source } of path.candidates) {
    rows.push(["", `${weight} %`, evidence === "" ? name : `${name} (${evidence}: ${source})`])
  }
  if (path.distReason !== undefined) rows.push(["", path.distReason, DISTANCES[path.distReason]])
  return rows
}
