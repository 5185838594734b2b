import { expect, test } from "bun:test"
import type { ClientConnection } from "./client-connection.ts"
import { ClientTable } from "./client-table.ts"

test("closed connections leave the table, and the reusable serve again", () => {
  let made = 0
  const table = new ClientTable(() => ({ index: -1, made: made++ }) as unknown as ClientConnection)
  const [a, b, c] = [table.acquire(), table.acquire(), table.acquire()]
  const before = table.all()
  table.release(a, true)
  expect([table.size, table.all(), before.length]).toEqual([2, [c, b], 3])
  expect(table.all().map(({ index }) => index)).toEqual([0, 1])
  table.release(b, false)
  table.release(c, true)
  expect(table.size).toBe(0)
  expect([table.acquire(), table.acquire()]).toEqual([c, a])
  table.acquire()
  expect(made).toBe(4)
})
