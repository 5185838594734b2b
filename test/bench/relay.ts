/**
 * The hint `relay` on 500 connections of each kind of client, direct and through real relays, behind the proxy and behind HAProxy.
 *
 * Budgets: of relays that hold bytes back 50 ms and more each way 99 % are called, of direct connections at most 0.5 %. Takes about
 * a quarter of an hour, most of it waiting; SYNPRINT_TEST_CONNECTIONS takes another number, SYNPRINT_TEST_BROWSER another browser.
 */
import { CLIENT_KINDS } from "../timing/client-kind.ts"
import { type FrontEndName, openFrontEnd } from "../timing/front-end.ts"
import { measureAll, sharesOf } from "../timing/relay-table.ts"
import { requires } from "../lib/requires.ts"

const count = Number(process.env["SYNPRINT_TEST_CONNECTIONS"] ?? 500)
/** Wrongly classified connections to print for each kind. */
const SHOWN = 3
const isCheck = process.argv.includes("--check")
const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(2)} %`

const missing = requires.netns.missing ?? requires.binaries("gcc", "curl", "openssl", "unshare").missing
if (missing !== undefined) {
  console.log(`skipped: needs ${missing}`)
  process.exit(0)
}
for (const name of ["proxy", "haproxy"] satisfies ReadonlyArray<FrontEndName>) {
  if (name === "haproxy" && Bun.which("haproxy") === null) {
    console.log("skipped: haproxy: it is not installed")
    continue
  }
  console.log(`\n${name}`)
  // oxlint-disable-next-line no-await-in-loop -- one after the other, on a machine of its own each
  await using frontEnd = await openFrontEnd(name)
  const rows = await measureAll(frontEnd, CLIENT_KINDS, count, (line) => console.log(line))
  for (const { holdMs, wrong } of rows)
    if (holdMs === 0 || holdMs >= 50) for (const each of wrong.slice(0, SHOWN)) console.log(JSON.stringify(each))
  const shares = sharesOf(rows)
  const { found, foundOf, mistaken, mistakenOf } = shares
  console.log(`relays of 50 ms and more: ${found} of ${foundOf} called, ${percent(found, foundOf)} (at least 99 %)`)
  console.log(`direct: ${mistaken} of ${mistakenOf} called, ${percent(mistaken, mistakenOf)} (at most 0.5 %)`)
  if (isCheck && (found < 0.99 * foundOf || mistaken > 0.005 * mistakenOf)) process.exitCode = 1
}
