import { afterAll, afterEach, beforeEach, expect, type Mock, spyOn, test } from "bun:test"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type CapturePacket, randomCapture, synFrame, writePcap } from "@synprint/core/testing"
import { readCapture, type ReadOptions } from "./read.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-read-"))
afterAll(() => rmSync(directory, { recursive: true }))

const at = (name: string): string => join(directory, name)
const file = (name: string, content: Uint8Array | string): string => {
  writeFileSync(at(name), content)
  return at(name)
}

let complaints = ""
let spy: Mock<any>
beforeEach(() => {
  complaints = ""
  spy = spyOn(process.stderr, "write").mockImplementation((text) => {
    complaints += String(text)
    return true
  })
})
afterEach(() => spy.mockRestore())

/** The code of a run and what it wrote to stdout and to stderr. */
async function read(options: Partial<ReadOptions>) {
  const written: Array<string> = []
  complaints = ""
  const code = await readCapture(
    { files: [], format: "json", output: undefined, databases: [], limits: undefined, ages: undefined, ...options },
    (bytes) => void written.push(new TextDecoder().decode(bytes))
  )
  return { code, out: written.join(""), err: complaints.replaceAll("\r\u001b[K", "") }
}

const LINUX = { win: 64240, ttl: 60, df: true, id: 7, options: "mss=1460,sok,ts=1,nop,ws=7" }

const WINDOWS = { sport: 2, win: 64240, ttl: 124, df: true, id: 7, options: "mss=1460,nop,ws=8,nop,nop,sok" }

/** A SYN of a client, sent by Linux unless it says otherwise. */
const syn = (client: string, sec: number, more: Parameters<typeof synFrame>[0] = {}): CapturePacket => ({
  bytes: synFrame({ src: client, dst: "192.0.2.1", dport: 443, ...LINUX, ...more }),
  sec
})

const capture = (name: string, ...packets: ReadonlyArray<CapturePacket>): string => file(name, writePcap(packets))

/** Objects of the lines of JSON. */
const objects = (text: string): ReadonlyArray<Record<string, any>> =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line))

const P0F_DATABASE = file(
  "p0f.fp",
  "classes = unix,win\n[tcp:request]\nlabel = s:unix:Mine:1\nsig = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\nlabel = s:win:Other:1\nsig = *:128:0:*:*,8:mss,nop,ws,nop,nop,sok:df,id+:0\n"
)

test("json: a line per observation, hosts are followed from file to file", async () => {
  const first = capture("first.pcap", syn("198.51.100.1", 1))
  const second = capture("second.pcap", syn("198.51.100.1", 2, WINDOWS))
  const { code, out, err } = await read({ files: [first, second] })
  expect([code, err]).toEqual([0, ""])
  expect(objects(out).map(({ time, event, client, os }) => [time, event, client, os])).toEqual([
    [1, "syn", "198.51.100.1", expect.stringContaining("Linux")],
    [1, "mtu", "198.51.100.1", undefined],
    [2, "syn", "198.51.100.1", expect.stringContaining("Windows")],
    [2, "host change", "198.51.100.1", undefined],
    [2, "mtu", "198.51.100.1", undefined]
  ])
})

test("text: a line per observation and a report of all files at the end", async () => {
  const first = capture("first.pcap", syn("198.51.100.1", 1))
  const second = capture("second.pcap", syn("198.51.100.2", 2))
  const { code, out, err } = await read({ files: [first, second], format: "text" })
  expect([code, err]).toEqual([0, ""])
  expect(out).toContain("198.51.100.1")
  expect(out).toMatch(/\npackets +2: tcp 2\n/)
  expect(out).toMatch(/\nhosts +3\n/)
  expect(out).toContain("\nSYNs by system\n")
})

test("none: the counts alone", async () => {
  const path = capture(
    "counts.pcap",
    syn("198.51.100.1", 1),
    syn("198.51.100.2", 1),
    syn("198.51.100.3", 1, { win: 1 })
  )
  const { code, out } = await read({ files: [path], format: "none" })
  expect(code).toBe(0)
  expect(out).toMatch(/^packets +3: tcp 3\nSYN +3, and 0 repeated\n/)
  expect(out).toMatch(/\nfingerprints +2\n$/)
})

test("p0f: lines of p0f's log, each file by itself, by the one database that is named", async () => {
  const files = [capture("first.pcap", syn("198.51.100.1", 1)), capture("second.pcap", syn("198.51.100.1", 2, WINDOWS))]
  const { code, out, err } = await read({ files, format: "p0f", databases: [P0F_DATABASE] })
  expect([code, err]).toEqual([0, ""])
  // The client of the second file is not compared with what it was in the first.
  expect(out.split("\n").map((line) => /mod=.*?\|/.exec(line)?.[0])).toEqual([
    "mod=syn|",
    "mod=mtu|",
    "mod=syn|",
    "mod=mtu|",
    undefined
  ])
  expect(out).toContain("|os=Mine 1|")
  expect(out).toContain("|os=Other 1|")
  const together = capture("both.pcap", syn("198.51.100.1", 1), syn("198.51.100.1", 2, WINDOWS))
  expect((await read({ files: [together], format: "p0f", databases: [P0F_DATABASE] })).out).toContain(
    "mod=host change|"
  )
  expect(await read({ files, format: "p0f", databases: [P0F_DATABASE, P0F_DATABASE] })).toEqual({
    code: 64,
    out: "",
    err: "synprint read: --format p0f takes one database, as p0f does (-f once)\n"
  })
})

test.each([
  [undefined, 30],
  [[30, 5], 5]
] as const)("ages %p: a host is forgotten %d minutes after its last packet", async (ages, minutes) => {
  /** Tells whether a client that changes after some minutes is known to be the one before. */
  const isKnown = async (after: number): Promise<boolean> => {
    const before = syn("198.51.100.1", 1, WINDOWS)
    const path = capture("ages.pcap", before, syn("198.51.100.1", 1 + after * 60, { sport: 3 }))
    return objects((await read({ files: [path], ages })).out).some(({ event }) => event === "host change")
  }
  expect([await isKnown(minutes), await isKnown(minutes + 0.5)]).toEqual([true, false])
})

test.each(["json", "p0f"] as const)("%s to a file: appended there, nothing on stdout", async (format) => {
  const path = file("random.pcap", writePcap(randomCapture({ seed: 3, events: 100 })))
  const databases = format === "p0f" ? [P0F_DATABASE] : []
  const { out } = await read({ files: [path], format, databases })
  const output = at(`${format}.log`)
  const written = await read({ files: [path], format, databases, output })
  expect([written.code, written.out, written.err]).toEqual([0, "", ""])
  const first = readFileSync(output, "utf8")
  // Hashes of hosts are seeded anew in every run, lines are in the same order.
  expect(first).toBe(out)
  await read({ files: [path], format, databases, output })
  expect(readFileSync(output, "utf8")).toBe(first + out)
})

test("an output that can't be opened or written is exit 1 with the reason", async () => {
  const path = capture("first.pcap", syn("198.51.100.1", 1))
  expect(await read({ files: [path], output: directory })).toEqual({
    code: 1,
    out: "",
    err: `synprint read: cannot write ${directory}: it is a directory (name a file in it)\n`
  })
  for (const [code, said] of [
    ["ENOSPC", "no space left on the device"],
    ["EIO", "EIO"]
  ] as const) {
    const written = await readCapture(
      { files: [path], format: "json", output: undefined, databases: [], limits: undefined, ages: undefined },
      () => {
        throw Object.assign(new Error(code), { code })
      }
    )
    expect(written).toBe(1)
    expect(complaints).toEndWith(`synprint read: cannot write to stdout: ${said}\n`)
  }
})

test("a reader of the output that goes early is no failure; a bug is thrown", async () => {
  const path = capture("first.pcap", syn("198.51.100.1", 1))
  const thrown = (error: Error) =>
    readCapture(
      { files: [path], format: "text", output: undefined, databases: [], limits: undefined, ages: undefined },
      () => {
        throw error
      }
    )
  expect(await thrown(Object.assign(new Error("EPIPE"), { code: "EPIPE" }))).toBe(0)
  expect(complaints).toBe("")
  await expect(thrown(new TypeError("a bug"))).rejects.toThrow("a bug")
})

test("files that can't be read: the reason of each, the others are read, exit 1", async () => {
  const path = capture("first.pcap", syn("198.51.100.1", 1))
  mkdirSync(at("folder.pcap"), { recursive: true })
  const { code, out, err } = await read({ files: [at("none.pcap"), at("folder.pcap"), path] })
  expect(code).toBe(1)
  expect(err.split("\n")).toEqual([
    `synprint read: cannot read ${at("none.pcap")}: there is no such file`,
    `synprint read: cannot read ${at("folder.pcap")}: it is a directory (name the files in it)`,
    ""
  ])
  expect(objects(out).length).toBeGreaterThan(0)
})

test("a capture that ends early is told, and a failure only if nothing was read of it", async () => {
  const cut = file("cut.pcap", writePcap([syn("198.51.100.1", 1), syn("198.51.100.2", 2)]).subarray(0, -3))
  const early = await read({ files: [cut] })
  expect([early.code, early.err]).toEqual([0, expect.stringMatching(/^synprint read: \S+cut\.pcap: \S.*\n$/)])
  expect(objects(early.out).length).toBeGreaterThan(0)
  const none = file("text.pcap", "this is no capture\n")
  const nothing = await read({ files: [capture("first.pcap", syn("198.51.100.1", 1)), none] })
  expect([nothing.code, nothing.err]).toEqual([1, expect.stringMatching(/^synprint read: \S+text\.pcap: \S.*\n$/)])
})

test("databases that can't be read are exit 78, each with its place, and no output is made", async () => {
  const path = capture("first.pcap", syn("198.51.100.1", 1))
  const bad = file("bad.fp", "classes = unix\n[tcp:request]\nlabel = s:unix:X:1\nsig = 4:64\n")
  const { code, out, err } = await read({ files: [path], databases: [bad, at("none.fp")], output: at("never.log") })
  expect([code, out]).toEqual([78, ""])
  expect(err).toContain(`synprint read: ${bad}:4: `)
  expect(err).toContain(`synprint read: ${at("none.fp")}: cannot read the database: ENOENT`)
  expect(existsSync(at("never.log"))).toBe(false)
})

test("limits: as many hosts are followed as are asked for", async () => {
  const clients = Array.from({ length: 40 }, (_, n) => syn(`198.51.100.${n + 1}`, n))
  const again = clients.map(({ bytes }, n) => ({ bytes, sec: 40 + n }))
  const path = capture("many.pcap", ...clients, ...again)
  const hosts = async (limits: ReadOptions["limits"]) =>
    Number(/hosts +(\d+)/.exec((await read({ files: [path], format: "none", limits })).out)![1])
  expect(await hosts(undefined)).toBe(41)
  expect(await hosts([4096, 65_536])).toBe(41)
  expect(await hosts([9, 5])).toBe(5)
})
