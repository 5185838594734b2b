/**
 * Output: the replies to one read, collected for one write.
 *
 * One buffer serves all connections of a thread, since a read is answered completely before the next one. Its size is fixed: a protocol that
 * fills it stops reading until it is written, so that a flood of tiny requests can't make a large reply in memory.
 */

/** HAProxy has at most 20 to 34 NOTIFYs in flight, 14 KiB of ACKs: one write in practice. */
const SIZE = 65_536

export class Output {
  readonly bytes: Uint8Array
  length = 0

  constructor(size: number = SIZE) {
    this.bytes = new Uint8Array(new ArrayBuffer(size))
  }

  get room(): number {
    return this.bytes.length - this.length
  }
}
