/**
 * Path: what the MSS and the window of a SYN say of the way between the sender and us.
 */
import type { TcpSignature } from "../database/database.ts"
import type { LinkCandidate, LinkTable } from "./link-table.ts"
import { type MtuOrigin, readMtuOrigin } from "./mtu-origin.ts"
import { keyIsIpv6, keyMss } from "../matching/fingerprint-key.ts"

export interface Path {
  readonly origin: MtuOrigin | undefined
  /** 0 not known. */
  readonly interfaceMss: number
  readonly link: string | undefined
  readonly candidates: ReadonlyArray<LinkCandidate>
}

const NO_CANDIDATES: ReadonlyArray<LinkCandidate> = []
const NOTHING: Path = { origin: undefined, interfaceMss: 0, link: undefined, candidates: NO_CANDIDATES }

/** Reads the path of the packet behind a key. `match` is the database line that it met. */
export function readPath(key: Int32Array, at: number, match: TcpSignature | undefined, links: LinkTable): Path {
  const mss = keyMss(key[at + 1]!)
  if (mss === 0) return NOTHING
  const ver = keyIsIpv6(key[at]!) ? 6 : 4
  const mtu = mss + (ver === 6 ? 60 : 40)
  // A tool writes MSS and window as it likes; p0f asks for the link all the same.
  const isTool = match !== undefined && (match.label.classId === -1 || match.signature.badTtl)
  if (links.mode === "p0f" || isTool) return { ...NOTHING, link: links.nameOf(mtu) }
  const reading = readMtuOrigin(key, at)!
  let { interfaceMss } = reading
  let origin: MtuOrigin = "unknown"
  if (reading.origin !== "either") {
    origin = reading.origin
  } else {
    origin = links.decide(mtu, ver)
    if (origin === "interface") interfaceMss = mss
    else if (origin === "unknown") interfaceMss = 0
  }
  const question = { mtu, ver, origin, families: match === undefined ? 0 : match.families } as const
  const candidates = links.candidates(question)
  return { origin, interfaceMss, link: links.name(question, candidates), candidates }
}
