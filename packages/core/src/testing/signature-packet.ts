/**
 * A SYN or SYN+ACK written from a signature: what a matcher would be given for a packet that prints so.
 */
import { packetOf, parseSubject } from "../tcp/explain/subject.ts"
import { type Direction, REQUEST } from "../tcp/direction.ts"
import { ParseError } from "../tcp/parse-error.ts"
import type { Packet } from "../packet/packet.ts"

/**
 * The packet of a signature in either form; throws for one that cannot be read or has a wild card in wsize, scale or pclass. Where
 * `mss*N` fits several windows it takes the first that p0f tries.
 */
export function signaturePacket(signature: string, direction: Direction = REQUEST): Packet {
  const subject = parseSubject(signature)
  if (subject instanceof ParseError) throw new Error(`${signature}: ${subject.message}`)
  const reading = subject.windows[0]
  if (reading === undefined || subject.signature.scale === -1 || subject.signature.pclass === -1) {
    throw new Error(`${signature}: wsize, scale and pclass must have one value each`)
  }
  return packetOf(subject, reading, direction)
}
