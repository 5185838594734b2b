import { afterAll, expect, spyOn, test } from "bun:test"
import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { BATCH_BYTES } from "@synprint/core"
import { synFrame, writePcap } from "@synprint/core/testing"
import { runInProcess } from "./testing/run-in-process.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-main-"))
afterAll(() => rmSync(directory, { recursive: true }))

const MAIN = new URL("./main.ts", import.meta.url).href
const CAPTURE = join(directory, "syn.pcap")
writeFileSync(CAPTURE, writePcap([{ bytes: synFrame({ src: "198.51.100.1", options: "mss=1460" }), sec: 1 }]))

let loads = 0

/** Loads the program anew with these words. */
async function load(words: ReadonlyArray<string>): Promise<void> {
  const { argv } = process
  process.argv = [argv[0]!, "main.ts", ...words]
  try {
    loads += 1
    await import(`./main.ts?${loads}`)
  } finally {
    process.argv = argv
  }
}

test("plain forms of read end by themselves with their code", async () => {
  const output = join(directory, "read.log")
  const read = async (file: string): Promise<number> => {
    await load(["read", "--format", "json", "-o", output, file])
    const code = Number(process.exitCode)
    process.exitCode = 0
    return code
  }
  expect(await read(CAPTURE)).toBe(0)
  expect(readFileSync(output, "utf8")).toContain('"client":"198.51.100.1"')
  writeFileSync(join(directory, "text.pcap"), "this is no capture\n")
  const complaints = spyOn(process.stderr, "write").mockReturnValue(true)
  expect(await read(join(directory, "text.pcap"))).toBe(1)
  expect(complaints.mock.calls.join()).toContain("text.pcap: not a pcap or pcapng file")
  complaints.mockRestore()
})

test("everything else is the full command line", async () => {
  expect(await runInProcess(() => load(["--version"]))).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^synprint v/)
  })
  const help = await runInProcess(() => load(["read", "--help"]))
  expect([help.code, help.out]).toEqual([0, expect.stringContaining("synprint read traffic.pcap")])
  const explained = await runInProcess(() => load(["explain", "4:64"]))
  expect([explained.code, explained.err]).toEqual([
    64,
    expect.stringContaining("synprint explain: this is no signature")
  ])
})

test("a Worker that is to decode does so", async () => {
  const descriptor = openSync(CAPTURE, "r")
  const isOpen = (): boolean =>
    readdirSync("/proc/self/fd").includes(String(descriptor)) &&
    existsSync(`/proc/self/fd/${descriptor}`) &&
    readlinkSync(`/proc/self/fd/${descriptor}`) === CAPTURE
  expect(isOpen()).toBe(true)
  const worker = new Worker(MAIN, { argv: ["decode"], ref: false })
  // The thread hears once it has loaded its part, and closes what it has read.
  for (const end = performance.now() + 4000; isOpen() && performance.now() < end;) {
    worker.postMessage({ descriptor, exact: false, memory: new SharedArrayBuffer(8 * BATCH_BYTES) })
    // oxlint-disable-next-line no-await-in-loop -- it waits
    await Bun.sleep(20)
  }
  expect(isOpen()).toBe(false)
})
