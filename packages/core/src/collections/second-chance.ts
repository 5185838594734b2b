/**
 * Second chance: which entry of a full slab makes room. The hand of CLOCK passes entries that were used since it came by last, so a
 * flood of entries that are used once evicts itself.
 */
export class SecondChance {
  /** 1: used since the hand came by; whoever finds an entry sets it. */
  readonly used: Uint8Array
  #hand = 0

  constructor(capacity: number) {
    this.used = new Uint8Array(capacity)
  }

  /** The entry that goes. */
  next(): number {
    const { used } = this
    let hand = this.#hand
    while (used[hand] === 1) {
      used[hand] = 0
      hand = hand + 1 === used.length ? 0 : hand + 1
    }
    this.#hand = hand + 1 === used.length ? 0 : hand + 1
    return hand
  }
}
