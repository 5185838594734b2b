/**
 * Captures and vectors that lie beside a checkout, in `../shared`, or where SYNPRINT_TEST_SHARED says. Tests use them when they are there
 * and say so when they are not.
 */
import { existsSync } from "node:fs"
import { resolve } from "node:path"

/** The directory of the shared captures and vectors. */
export const SHARED: string = process.env["SYNPRINT_TEST_SHARED"] ?? resolve(import.meta.dir, "../../../../../shared")

/** Path of a shared file; undefined, with a line on stderr that says what is skipped, when it isn't there. */
export function sharedFile(name: string): string | undefined {
  const path = resolve(SHARED, name)
  if (existsSync(path)) return path
  process.stderr.write(`skipped: ${name} is not in ${SHARED} (set SYNPRINT_TEST_SHARED)\n`)
  return undefined
}
