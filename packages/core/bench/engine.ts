/**
 * Engine: `read` against `p0f -r`, both as whole processes over the same captures of SYNs.
 *
 *     none       2,000,000 SYNs from 250,000 addresses: read --format none / p0f -r
 *     p0f        the same with a log: read --format p0f -o / p0f -r -o
 *     million    room for and traffic from 1,000,000 hosts, against our own `none`
 *     unique     every SYN a new fingerprint / p0f -r
 *
 * Five runs of each, one after the other in turns, so that what else the machine does hits all alike; ratios of medians. p0f prints
 * its screen output to /dev/null, as it has no option against that. SYNPRINT_BENCH_PACKETS and SYNPRINT_BENCH_RUNS make it shorter.
 * `--against CHECKOUT` runs `read` of another checkout in the same turns.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { otherMain } from "../../../test/bench/against.ts"
import { writeSynFlood } from "../src/testing/syn-flood.ts"

const PACKETS = Number(process.env["SYNPRINT_BENCH_PACKETS"] ?? 2_000_000)
const RUNS = Number(process.env["SYNPRINT_BENCH_RUNS"] ?? 5)
const isCheck = process.argv.includes("--check")
const CLI = resolve(import.meta.dir, "../../cli/src/main.ts")

if (Bun.which("p0f") === null) {
  console.log("engine: skipped: p0f is not installed (apt-get install p0f)")
  process.exit(0)
}

interface Runner {
  readonly name: string
  readonly command: () => ReadonlyArray<string>
  readonly seconds: Array<number>
}

const directory = mkdtempSync(join(tmpdir(), "synprint-engine-"))
const path = (name: string): string => join(directory, name)
process.on("exit", () => rmSync(directory, { recursive: true, force: true }))
process.on("SIGINT", () => process.exit(130))

const runner = (name: string, command: () => ReadonlyArray<string>): Runner => ({ name, command, seconds: [] })
const read = (...words: ReadonlyArray<string>): ReadonlyArray<string> => [process.execPath, CLI, "read", ...words]

const ours = runner("read --format none", () => read("--format", "none", path("mix.pcap")))
const theirs = runner("p0f -r", () => ["p0f", "-r", path("mix.pcap")])
const oursLog = runner("read --format p0f -o", () => read("--format", "p0f", "-o", path("ours.log"), path("mix.pcap")))
const theirsLog = runner("p0f -r -o", () => ["p0f", "-r", path("mix.pcap"), "-o", path("p0f.log")])
const million = runner("read, 1,000,000 hosts", () =>
  read("--format", "none", "--limits", "4096,1000000", path("million.pcap"))
)
const oursUnique = runner("read, every SYN new", () => read("--format", "none", path("unique.pcap")))
const theirsUnique = runner("p0f -r, every SYN new", () => ["p0f", "-r", path("unique.pcap")])
const other = otherMain(process.argv)
/** Runners of the other checkout by ours. */
const others = new Map<Runner, Runner>(
  other === undefined
    ? []
    : [ours, oursLog, million, oursUnique].map((own) => [
        own,
        runner(`${own.name}, other`, () => own.command().map((word) => (word === CLI ? other : word)))
      ])
)
const RUNNERS = [ours, theirs, oursLog, theirsLog, million, oursUnique, theirsUnique].flatMap((own) =>
  others.has(own) ? [own, others.get(own)!] : [own]
)

writeSynFlood({ path: path("mix.pcap"), packets: PACKETS, addresses: PACKETS / 8 })
writeSynFlood({ path: path("million.pcap"), packets: PACKETS, addresses: PACKETS / 2 })
writeSynFlood({ path: path("unique.pcap"), packets: PACKETS, addresses: PACKETS / 8, fingerprints: "unique" })

function run(of: Runner): void {
  for (const log of ["ours.log", "p0f.log"]) rmSync(path(log), { force: true })
  const words = of.command()
  const start = performance.now()
  const { exitCode, stderr } = Bun.spawnSync([...words], { stdout: "ignore", stderr: "pipe" })
  if (exitCode !== 0) throw new Error(`engine: ${words.join(" ")}: exit ${exitCode}: ${stderr.toString().trim()}`)
  of.seconds.push((performance.now() - start) / 1000)
}

const median = (of: Runner): number => [...of.seconds].sort((a, b) => a - b)[of.seconds.length >> 1]!

for (let turn = 0; turn < RUNS; turn++) for (const of of RUNNERS) run(of)

console.log(`${PACKETS.toLocaleString("en")} SYNs, ${RUNS} runs, ${cpus().length} cores: medians`)
for (const of of RUNNERS) {
  const nanoseconds = Math.round((median(of) / PACKETS) * 1e9)
  console.log(
    `  ${of.name.padEnd(24)} ${median(of).toFixed(2).padStart(6)} s ${String(nanoseconds).padStart(7)} ns/SYN`
  )
}

for (const [own, peer] of others) {
  const ratio = median(own) / median(peer)
  console.log(`  ${own.name.padEnd(24)} ${ratio.toFixed(3).padStart(6)} of the time of the other checkout`)
}

/** Times faster, and at least what it must be. */
const TARGETS: ReadonlyArray<readonly [string, number, number]> = [
  ["none", median(theirs) / median(ours), 20],
  ["p0f", median(theirsLog) / median(oursLog), 15],
  ["million", median(ours) / median(million), 0.5],
  ["unique", median(theirsUnique) / median(oursUnique), 3]
]
for (const [name, ratio, least] of TARGETS) {
  const isMissed = isCheck && ratio < least
  if (isMissed) process.exitCode = 1
  console.log(`  ${name.padEnd(24)} ${ratio.toFixed(2).padStart(6)} x (at least ${least})${isMissed ? " MISSED" : ""}`)
}
