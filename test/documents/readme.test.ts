/** Commands of README.md, run as they stand there: in a network namespace, over a file system that takes what they install and is gone afterwards. */
import { afterAll, expect, test } from "bun:test"
import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { asNobody } from "../lib/capability.ts"
import { type Program, start } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"

const ROOT = resolve(import.meta.dir, "../..")
const README = readFileSync(join(ROOT, "README.md"), "utf8")
const MAIN = join(ROOT, "packages/cli/src/main.ts")
const BUILD = join(ROOT, "packages/cli/scripts/build.ts")
const SYNPRINT = `exec ${process.execPath} ${MAIN}`
const UNITS = join(ROOT, "examples/systemd")
const NEEDS = [requires.netns, requires.binaries("curl", "mount", "setpriv")]

const directory = mkdtempSync(join(tmpdir(), "synprint-readme-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** The block of code under a heading. */
function blockUnder(heading: string): string {
  const section = README.slice(README.indexOf(`\n## ${heading}\n`) + 1)
  const block = /^```\n([^]*?)^```/m.exec(section)?.[1]
  if (block === undefined) throw new Error(`README.md: there is no block of code under ${heading}`)
  return block
}

/** Writes programs that stand in for those that the test must not run, such as systemctl; returns their directory. */
function standIns(programs: Readonly<Record<string, string>>): string {
  const bin = mkdtempSync(join(directory, "bin-"))
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${text}\n`)
    chmodSync(join(bin, name), 0o755)
  }
  return bin
}

/** Runs a script as root of its own namespaces: `lo` is up, and changes of /etc and /usr/local are kept in memory. */
async function inNamespaces(script: string, bin: string, cwd = ROOT): Promise<Program> {
  const scratch = mkdtempSync(join(directory, "scratch-"))
  const overlay = (path: string): string => {
    const at = join("scratch", path.replaceAll("/", "_"))
    return `mkdir -p ${at}/up ${at}/work && mount -t overlay overlay -o lowerdir=${path},upperdir=$PWD/${at}/up,workdir=$PWD/${at}/work ${path}`
  }
  const prepare = [
    "set -e",
    "ip link set lo up",
    `cd ${scratch}`,
    "mkdir scratch",
    "mount -t tmpfs tmpfs scratch",
    overlay("/etc"),
    overlay("/usr/local"),
    `cd ${cwd}`
  ]
  const whole = `${prepare.join("\n")}\n${script}`
  // Its own PIDs, so that nothing that the script starts outlives it.
  return start(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", whole], {
    env: { PATH: `${bin}:${process.env["PATH"]}` }
  })
}

const UNIT = readFileSync(join(UNITS, "synprint-proxy.service"), "utf8")
const capabilities = (/^AmbientCapabilities=(.*)$/m.exec(UNIT)?.[1] ?? "")
  .toLowerCase()
  .replaceAll("cap_", "")
  .split(" ")

/** `systemctl enable --now NAME`: starts the program of a unit as a user who has only the capabilities that the unit gives. */
const SYSTEMCTL = `
unit=/etc/systemd/system/$3.service
[ "$1 $2" = "enable --now" ] && [ -f "$unit" ] || { echo "unexpected: systemctl $*"; exit 1; }
value() { sed -n "s/^$1=//p" "$unit"; }
as="${asNobody(capabilities, []).join(" ")}"
$as $(value ExecStartPre) || { echo "ExecStartPre ended with $?"; exit 1; }
$as $(value ExecStart) &
echo $! > service.pid`

testWith(
  NEEDS,
  "the block under Run it for good ends in a service that answers on port 80",
  async () => {
    const cwd = mkdtempSync(join(directory, "clone-"))
    const bin = standIns({ sudo: 'exec "$@"', systemctl: SYSTEMCTL })
    // bootstrap would install Bun first, which runs already.
    writeFileSync(
      join(cwd, "bootstrap"),
      `#!/bin/sh\n[ "$*" = build ] && exec ${process.execPath} ${BUILD} --output dist/synprint\n`
    )
    chmodSync(join(cwd, "bootstrap"), 0o755)
    cpSync(join(ROOT, "examples"), join(cwd, "examples"), { recursive: true })
    const script = [
      `chmod 755 ${directory} ${cwd}`,
      `${process.execPath} ${join(ROOT, "test/lib/echo.ts")} 8000 &`,
      "application=$!",
      // doctor asks the running service, so it may be asked again until that is up.
      blockUnder("Run it for good").replace(
        /^synprint doctor.*$/m,
        "for i in $(seq 30); do $& > doctor.txt && break; sleep 0.2; done"
      ),
      "cat doctor.txt",
      "curl -s --max-time 10 -g http://127.0.0.1:80/hello",
      "kill $(cat service.pid) $application",
      "wait"
    ].join("\n")
    await using program = await inNamespaces(script, bin, cwd)
    const code = await program.ended
    const output = program.output() + program.complaint()
    expect(output).toContain("GET /hello HTTP/1.1\r\n")
    expect(output).toContain("\r\nx-tcp-status: ok\r\n")
    expect(output).not.toContain("\nfail ")
    expect(code).toBe(0)
  },
  180_000
)

testWith(
  NEEDS,
  "the first request under Try it is answered as it is shown",
  async () => {
    const [first = "", request = "", ...shown] = blockUnder("Try it").trimEnd().split("\n")
    expect(first).toBe("$ ./bootstrap proxy &")
    const script = [
      `(${SYNPRINT} proxy) > log.txt 2>&1 &`,
      "until grep -q serves log.txt; do sleep 0.1; done",
      request.replace(/^\$ /, ""),
      "kill $!",
      "wait || true"
    ].join("\n")
    const cwd = mkdtempSync(join(directory, "try-"))
    await using program = await inNamespaces(script, standIns({}), cwd)
    await program.ended
    // Numbers of the loopback interface differ from one machine to another.
    const shape = (line: string): string => line.trimEnd().replaceAll(/\d+/g, "N")
    const answered = program.output().split("\n").map(shape)
    let at = 0
    for (const line of shown.filter((each) => each !== "...").map(shape)) {
      const found = answered.indexOf(line, at)
      expect([line, found >= 0, program.output()]).toEqual([line, true, program.output()])
      at = found + 1
    }
  },
  60_000
)

test("explain answers the signature that is shown", async () => {
  const line = /^\$ bun run (explain '.*')/m.exec(blockUnder("More commands"))?.[1] ?? ""
  await using program = start(["sh", "-c", `${SYNPRINT} ${line}`])
  expect([await program.ended, program.complaint()]).toEqual([0, ""])
  expect(program.output()).toContain("Linux 4.20 or newer")
}, 30_000)

test("a configuration under /etc/synprint is one that a unit of that program reads", () => {
  const READS = /synprint (\w+)(?: --for (\w+))?.* --config (\/etc\/synprint\/[\w.]+)/g
  const named = (text: string): ReadonlyArray<string> =>
    [...text.matchAll(READS)].map(
      ([, command, other, path]) => `${command === "doctor" ? (other ?? "spoa") : command} ${path}`
    )
  const units = new Set(readdirSync(UNITS).flatMap((name) => named(readFileSync(join(UNITS, name), "utf8"))))
  const commands = join(ROOT, "packages/cli/src/commands")
  const texts = [README, ...readdirSync(commands).map((name) => readFileSync(join(commands, name), "utf8"))]
  const shown = texts.flatMap(named)
  expect(shown.length).toBeGreaterThan(2)
  expect(shown.filter((each) => !units.has(each))).toEqual([])
  // The block of README writes the file that its unit reads.
  const written = /^sudo install .*\/dev\/stdin (\S+)/m.exec(blockUnder("Run it for good"))?.[1]
  expect(units.has(`proxy ${written}`)).toBe(true)
})
