/**
 * The bars of `bun run bench signal` that the database has to clear: captures, User-Agents, Linux 6.18.
 */
import { expect, test } from "bun:test"
import { part as agents } from "../../packages/core/bench/signal-agents.ts"
import { part as captures } from "../../packages/core/bench/signal-captures.ts"
import { part as linux } from "../../packages/core/bench/signal-linux.ts"

for (const { title, run } of [captures, agents, linux]) {
  test(title, async () => {
    const result = await run()
    if (typeof result === "string") return console.log(`skipped: ${title}: ${result}`)
    expect(result.rows.length).toBeGreaterThan(1)
    for (const { name, ours, bar, missed } of result.rows)
      expect([name, ours, bar, missed]).toEqual([name, ours, bar, false])
  })
}
