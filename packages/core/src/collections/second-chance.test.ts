import { expect, test } from "bun:test"
import { SecondChance } from "./second-chance.ts"

test("entries go in turn; one that was used goes a round later", () => {
  const clock = new SecondChance(4)
  expect([0, 1, 2, 3, 4].map(() => clock.next())).toEqual([0, 1, 2, 3, 0])
  clock.used[1] = clock.used[3] = 1
  expect([0, 1, 2, 3].map(() => clock.next())).toEqual([2, 0, 1, 2])
  expect([...clock.used]).toEqual([0, 0, 0, 0])
  expect(clock.next()).toBe(3)
  // All were used: the hand goes round once and takes the first.
  clock.used.fill(1)
  expect([clock.next(), clock.next()]).toEqual([0, 1])
  expect(new SecondChance(1).next()).toBe(0)
})
