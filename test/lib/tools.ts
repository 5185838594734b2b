/** What an end-to-end test needs of the machine; a test that cannot run says what is missing. */
import { test } from "bun:test"

const NAMESPACES = ["ip", "nsenter", "gcc", "haproxy"]

/** Why a test with these programs (and root, for namespaces) cannot run here; undefined when it can. */
export function missing(...programs: ReadonlyArray<string>): string | undefined {
  if (process.getuid?.() !== 0) return "needs root for network namespaces"
  const absent = [...NAMESPACES, ...programs].filter((program) => Bun.which(program) === null)
  return absent.length === 0 ? undefined : `needs ${absent.join(", ")}`
}

/** `test`, or a skipped one after printing the reason. */
export function testWith(...programs: ReadonlyArray<string>): typeof test {
  const reason = missing(...programs)
  if (reason === undefined) return test
  console.log(`skipped: ${reason}`)
  return test.skip as typeof test
}
