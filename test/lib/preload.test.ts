/** The time limit that preload.ts gives: it wins over `--timeout`, in every file of a run. */
import { expect, test } from "bun:test"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

test("each file of a run has the time limit of the preload", () => {
  const directory = mkdtempSync(join(tmpdir(), "synprint-preload-"))
  try {
    const files = ["a", "b"].map((name) => join(directory, `${name}.test.ts`))
    const body = `import { test } from "bun:test"\ntest("sleeps", () => Bun.sleep(100))\n`
    for (const file of files) writeFileSync(file, body)
    const { exitCode, stderr } = Bun.spawnSync([process.execPath, "test", "--timeout=20", ...files], {
      cwd: resolve(import.meta.dir, "../..")
    })
    expect(stderr.toString()).toContain("2 pass")
    expect(exitCode).toBe(0)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
