/**
 * Runs the command line as a user would, in a directory of the test's own.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const MAIN = resolve(import.meta.dir, "../../packages/cli/src/main.ts")

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly stdin?: Uint8Array
}

/** PATH and nothing else of this process's environment: what a developer exports must not change a test. */
const cleanEnvironment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env["PATH"] ?? "",
  TZ: "UTC",
  ...more
})

export async function synprint(words: ReadonlyArray<string>, options: RunOptions = {}): Promise<Ended> {
  return runScript(MAIN, words, options)
}

export async function runScript(
  script: string,
  words: ReadonlyArray<string>,
  options: RunOptions = {}
): Promise<Ended> {
  const child = Bun.spawn([process.execPath, script, ...words], {
    cwd: options.cwd ?? tmpdir(),
    env: cleanEnvironment(options.environment),
    stdin: options.stdin ?? "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000
  })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, out, err }
}

/** A directory that is gone after `using`. */
export function temporaryDirectory(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "synprint-cli-"))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}
