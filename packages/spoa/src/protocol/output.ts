/**
 * Output: the bytes that answer one read, collected for one write.
 *
 * One buffer serves all connections of a thread, since a read is answered before the next one is looked at. It is bounded: who
 * fills it stops reading until it was written, so that a flood of tiny requests can't make a large answer in memory.
 */

/** HAProxy has at most 20 to 34 NOTIFYs in flight, 14 KiB of ACKs: one write in practice. */
export const OUTPUT_SIZE = 65_536

export class Output {
  readonly bytes: Uint8Array
  length = 0

  constructor(size = OUTPUT_SIZE) {
    this.bytes = new Uint8Array(new ArrayBuffer(size))
  }

  get room(): number {
    return this.bytes.length - this.length
  }
}
