import { expect, test } from "bun:test"
import { seededRandom } from "../../testing/random.ts"
import { KEY_NUMBERS, KeyNumbers } from "./key-numbers.ts"
import { KEY_WORDS } from "./fingerprint-key.ts"

test.each([
  [KEY_NUMBERS / 2, 1],
  [KEY_NUMBERS * 3, 10]
])(
  "of %i keys: a reader that remembers by number, and forgets numbers reported as new, knows every key",
  (keys, leastRounds) => {
    const random = seededRandom(3)
    const numbers = new KeyNumbers()
    const known: Array<number> = []
    const words = new Int32Array(2 + KEY_WORDS)
    let given = 0
    for (let step = 0; step < 60_000; step++) {
      const key = random.below(keys)
      // Neighbours differ in one word alone, in each word once.
      words.fill(0)
      words[2 + (key % KEY_WORDS)] = key + 1
      const reported = numbers.find(words, 2)
      if (reported < 0) {
        given++
        known[~reported] = key
      }
      const number = reported < 0 ? ~reported : reported
      if (known[number] !== key || number >= KEY_NUMBERS) throw new Error(`step ${step}: key ${key}, number ${number}`)
    }
    expect(given).toBeGreaterThanOrEqual(leastRounds * Math.min(keys, KEY_NUMBERS) * 0.99)
    if (keys < KEY_NUMBERS) expect(given).toBeLessThanOrEqual(keys)
  }
)
