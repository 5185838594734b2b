/**
 * Signal: what is reported of a connection, against p0f 3.09b on the same SYNs and against what is known to have sent them.
 *
 * The parts are the files signal-NAME.ts beside this one (part.ts says what they look like); with --check a missed bar fails.
 */
import { join } from "node:path"
import type { SignalPart, SignalRow } from "./part.ts"

const isCheck = process.argv.includes("--check")
const files = [...new Bun.Glob("signal-*.ts").scanSync({ cwd: import.meta.dir })]
const modules = await Promise.all(files.map((file) => import(join(import.meta.dir, file))))
const parts = modules
  .map((module) => (module as { readonly part: SignalPart }).part)
  .sort((a, b) => (a.title < b.title ? -1 : 1))

function print(rows: ReadonlyArray<SignalRow>): void {
  const cells = rows.map(({ name, ours, p0f, bar, missed }) => [name, ours, p0f, `${bar}${missed ? " MISSED" : ""}`])
  const table = [["", "synprint", "p0f 3.09b", "bar"], ...cells]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]!.length)))
  for (const row of table) {
    console.log(`  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd())
  }
}

for (const { title, run } of parts) {
  const result = await run()
  console.log(`\n${title}`)
  if (typeof result === "string") {
    console.log(`  skipped: ${result}`)
    continue
  }
  print(result.rows)
  for (const note of result.notes) console.log(`  ${note}`)
  if (isCheck && result.rows.some(({ missed }) => missed)) process.exitCode = 1
}
