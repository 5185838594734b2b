/**
 * Loaded before the tests (bunfig.toml): gives every test file a time limit of a minute per test. Bun's 5 seconds are too short for
 * tests that start processes on a busy machine.
 *
 * `setDefaultTimeout` holds for one file, and a preload runs once per process: called here it would reach the first file alone (Bun
 * issue 43787). So each test file is loaded with the call in front, on its first line, which keeps the line numbers.
 */
import { readFileSync } from "node:fs"

const PREFIX = `import { setDefaultTimeout as setTimeLimit } from "bun:test"; setTimeLimit(60_000); `

Bun.plugin({
  name: "time limit of tests",
  setup(build) {
    build.onLoad({ filter: /\.test\.ts$/ }, ({ path }) => ({
      loader: "ts",
      contents: PREFIX + readFileSync(path, "utf8")
    }))
  }
})
