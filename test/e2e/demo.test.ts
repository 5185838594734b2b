/** `demo` as root, without root, and on a machine that lacks HAProxy; it leaves nothing behind. */
import { expect } from "bun:test"
import * as fs from "node:fs"
import * as os from "node:os"
import { ENVIRONMENT, SYNPRINT } from "../lib/agent.ts"
import { asNobody } from "../lib/capability.ts"
import { testWith } from "../lib/requires.ts"
import { needs } from "../lib/site.ts"

const NEEDS = needs("setpriv", "unshare", "mount")

interface Run {
  readonly code: number
  readonly output: string
  readonly complaint: string
}

async function run(words: ReadonlyArray<string>): Promise<Run> {
  const child = Bun.spawn([...words], { env: ENVIRONMENT, stdout: "pipe", stderr: "pipe" })
  const [output, complaint, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { code, output, complaint }
}

const leftovers = () => fs.readdirSync(os.tmpdir()).filter((name) => name.startsWith("synprint-demo-"))

function expectHeaders(shown: Run): void {
  expect(shown.complaint).toBe("")
  expect(shown.code).toBe(0)
  for (const url of ["http://10.77.0.1/", "http://[fd77::1]/"]) {
    const part = shown.output.slice(shown.output.indexOf(`GET ${url}`))
    expect(part).toMatch(/^GET .* first request of a connection\n {4}x-tcp-status +ok\n {4}x-tcp-os +Linux/)
    expect(part).toMatch(/\n {4}x-tcp-link +Ethernet.*\n {4}x-tcp-mtu +1500\n/)
    expect(part).toContain(`GET ${url}   next request of the same connection: the same headers`)
  }
  expect(shown.output).not.toContain("x-tcp-os      what the client claims")
}

testWith(
  NEEDS,
  "as root",
  async () => {
    const before = leftovers()
    expectHeaders(await run([...SYNPRINT, "demo"]))
    expect(leftovers()).toEqual(before)
  },
  30_000
)

const allowed = await run(
  asNobody([], ["unshare", "--user", "--map-root-user", "--net", "test", "-r", SYNPRINT.at(-1)!])
)
const userNamespaces = {
  missing:
    allowed.code === 0 ? undefined : `user namespaces and a checkout that uid 65534 can read ${allowed.complaint}`,
  isOptional: true
}
testWith(
  [...NEEDS, userNamespaces],
  "without root, in a user namespace",
  async () => expectHeaders(await run(asNobody([], [...SYNPRINT, "demo"]))),
  30_000
)

testWith(
  NEEDS,
  "without HAProxy: what to install",
  async () => {
    const hidden = `mount --bind /dev/null "$(command -v haproxy)" && exec "$@"`
    const shown = await run(["unshare", "--mount", "sh", "-c", hidden, "sh", ...SYNPRINT, "demo"])
    expect(shown.code).toBe(1)
    expect(shown.complaint).toContain("cannot find haproxy")
    expect(shown.complaint).toContain("apt-get install haproxy")
  },
  30_000
)
