/**
 * Hints that a SYN's fingerprint alone gives: who wrote it, and what was done to it on the way.
 */
import { FAMILY_SCANNER, FAMILY_USER_SPACE } from "../tcp/database/stack-family.ts"
import type { TcpFingerprint } from "../tcp/matching/fingerprint.ts"

/** Percent. A tunnel with less weight stands in link_candidates alone, among likelier links. */
export const TUNNEL_LEAST = 30

/**
 * Families that a claim is compared with, 0 without a match. One that tolerates a difference counts: of 1,068 lies 1,025 are found and not
 * 920, and 99.2 % are right with either (`bun run bench signal`).
 */
export function comparedFamilies({ match }: TcpFingerprint): number {
  return match === undefined ? 0 : match.families
}

/** Title of the program that wrote the SYN: a label of class `!` or of family scanner. */
export function scannerOf({ match }: TcpFingerprint): string | undefined {
  return match !== undefined && match.families === FAMILY_SCANNER ? match.title : undefined
}

/** Title of the user-space stack. */
export function userSpaceStackOf({ match }: TcpFingerprint): string | undefined {
  return match !== undefined && match.families === FAMILY_USER_SPACE ? match.title : undefined
}

/** A timestamp option has 10 bytes, and no stack pads with as many: what stood there was blanked. */
const BLANKED = /(?:nop,){7}nop/

/** Change of the options on the path: `;@ middlebox=` of the line that matched, or more NOPs than any stack sends. */
export function middleboxOf({ match, rawSignature }: TcpFingerprint): string | undefined {
  const said = match?.attributes.get("middlebox")
  if (said !== undefined) return said
  return BLANKED.test(rawSignature) ? "options blanked" : undefined
}
