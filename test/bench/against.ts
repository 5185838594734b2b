/**
 * `--against CHECKOUT`: the command line of another checkout, which a benchmark runs in turns with this one's.
 */
import { existsSync } from "node:fs"
import { join } from "node:path"

/** main.ts of the checkout that `words` name; undefined if they name none. */
export function otherMain(words: ReadonlyArray<string>): string | undefined {
  const at = words.indexOf("--against")
  if (at < 0) return undefined
  const main = join(words[at + 1] ?? "", "packages/cli/src/main.ts")
  if (!existsSync(main))
    throw new Error(`--against: there is no checkout of synprint in ${words[at + 1] ?? "(nothing)"}`)
  return main
}
