/**
 * Address key: an address and its hash, by which a host is found. Its owner reuses one instance: it fills the address per packet, and lets
 * Hosts.setHash add the hash before the host is looked for.
 */
import type { Packet } from "../../packet/packet.ts"

export class AddressKey {
  ver = 4
  /** Big-endian words; IPv4 is word 0 with the others 0. */
  word0 = 0
  word1 = 0
  word2 = 0
  word3 = 0
  hash = 0

  set(ver: number, word0: number, word1: number, word2: number, word3: number): void {
    this.ver = ver
    this.word0 = word0
    this.word1 = word1
    this.word2 = word2
    this.word3 = word3
  }

  setSource(packet: Packet): void {
    this.set(packet.ver, packet.src0, packet.src1, packet.src2, packet.src3)
  }

  setDestination(packet: Packet): void {
    this.set(packet.ver, packet.dst0, packet.dst1, packet.dst2, packet.dst3)
  }
}
