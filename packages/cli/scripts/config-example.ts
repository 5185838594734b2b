/**
 * `bun run config` writes examples/config.toml from the descriptions of the keys; a test compares the two.
 */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { exampleConfig } from "../src/example-config.ts"

if (process.argv.includes("--help")) {
  console.log("usage: bun run config\nwrites examples/config.toml from the configuration's schema")
  process.exit(0)
}
const file = join(import.meta.dir, "../../../examples/config.toml")
writeFileSync(file, exampleConfig())
