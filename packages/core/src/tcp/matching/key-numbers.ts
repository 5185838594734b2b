/**
 * Key numbers: small numbers for fingerprint keys, for two threads: the one that decodes finds the number of a key, the other one remembers
 * what it knows of the fingerprint by number. Open addressing over typed arrays.
 *
 * When all numbers are given away they are given anew from 0. A number that was just given is reported as new, so whoever remembers by
 * number loses its old meaning.
 */
import { isSameKey, KEY_WORDS } from "./fingerprint-key.ts"
import { hashKey } from "./fingerprint-cache.ts"

/** A capture of every stack there is has a few thousand fingerprints; keys and slots of so many are 288 KiB, of the usual thousand 72. */
export const KEY_NUMBERS = 4096
const SLOTS = 2 * KEY_NUMBERS
const STRIDE_SHIFT = 4

export class KeyNumbers {
  /** Number + 1; 0: free. */
  readonly #slots = new Int32Array(SLOTS)
  readonly #keys = new Int32Array(KEY_NUMBERS << STRIDE_SHIFT)
  #size = 0

  /** The number of a key; as `~number` when it was just given to it. */
  find(key: Int32Array, at: number): number {
    const slots = this.#slots
    const keys = this.#keys
    let slot = hashKey(key, at) & (SLOTS - 1)
    for (;;) {
      const number = slots[slot]! - 1
      if (number < 0) return this.#give(key, at, slot)
      if (isSameKey(keys, number << STRIDE_SHIFT, key, at)) return number
      slot = (slot + 1) & (SLOTS - 1)
    }
  }

  #give(key: Int32Array, at: number, free: number): number {
    let slot = free
    if (this.#size === KEY_NUMBERS) {
      this.#slots.fill(0)
      this.#size = 0
      slot = hashKey(key, at) & (SLOTS - 1)
    }
    const number = this.#size++
    const of = number << STRIDE_SHIFT
    for (let word = 0; word < KEY_WORDS; word++) this.#keys[of + word] = key[at + word]!
    this.#slots[slot] = number + 1
    return ~number
  }
}
