/**
 * Writes dist/, what a runtime that cannot read TypeScript uses of this package: index.js, one module with the built-in database inside,
 * and the declarations of every module. `npm pack` and `npm publish` run it (prepack in package.json).
 */
import { rmSync } from "node:fs"
import { join } from "node:path"

const core = join(import.meta.dir, "..")
const dist = join(core, "dist")

/** Exits when the step fails: npm then packs nothing. */
function run(what: string, command: ReadonlyArray<string>): void {
  const done = Bun.spawnSync([...command], { cwd: core, stdout: "inherit", stderr: "inherit" })
  if (done.exitCode === 0) return
  console.error(`packing @synprint/core: ${what} failed with exit code ${done.exitCode}: ${command.join(" ")}`)
  process.exit(1)
}

rmSync(dist, { recursive: true, force: true })
run("bundling", [process.execPath, "build", "src/index.ts", "--format", "esm", "--target", "node", "--outdir", dist])
run("writing the declarations", [process.execPath, "x", "tsc", "-p", "scripts/tsconfig.pack.json"])
