/**
 * Made-up SYN: what a Linux client sends, as TCP_SAVED_SYN gives it (the IP and the TCP header), for those who warm up.
 */

export interface SyntheticSyn {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Offset of the client's address; the server's follows it. */
  readonly addresses: number
  readonly addressLength: number
  readonly tcp: number
}

/** From 10.0.0.1 to 10.0.0.2. */
export const syntheticSyn4 = (): SyntheticSyn => ({
  bytes: Uint8Array.fromHex(
    "4500003c00014000400600000a0000010a000002" + // IPv4
      "9c4000500000000100000000a002faf000000000" + // TCP
      "020405b40402080a00000001000000000103030a" // its options
  ),
  addresses: 12,
  addressLength: 4,
  tcp: 20
})

/** From 2001:db8::1 to 2001:db8::2. */
export const syntheticSyn6 = (): SyntheticSyn => ({
  bytes: Uint8Array.fromHex(
    "6000000000280640" + // IPv6
      "20010db800000000000000000000000120010db8000000000000000000000002" +
      "9c4000500000000100000000a002fd2000000000" + // TCP
      "020405a00402080a00000001000000000103030a" // its options
  ),
  addresses: 8,
  addressLength: 16,
  tcp: 40
})

/** Makes it one of another connection. */
export function setClientPort(syn: SyntheticSyn, port: number): void {
  syn.bytes[syn.tcp] = port >> 8
  syn.bytes[syn.tcp + 1] = port
}
