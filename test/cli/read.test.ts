/** `read` as a user runs it: formats, files and pipes, broken captures, p0f's rules for -o. */
import { beforeAll, describe, expect, test } from "bun:test"
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { sharedFile, synFrame, writePcap } from "@synprint/core/testing"
import { synprint, temporaryDirectory } from "./run.ts"

const LINUX = { ttl: 61, id: 7, df: true, win: 64240, options: "mss=1460,sok,ts=1:0,nop,ws=7" } as const
const frames = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    bytes: synFrame({ ...LINUX, src: `10.1.0.${n + 1}`, dst: "10.0.0.1", sport: 40_000 + n, dport: 443, seq: n + 1 }),
    sec: 1_700_000_000 + n
  }))
const SIGNATURE = "4:61+3:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"

const directory = temporaryDirectory()
const at = (name: string): string => join(directory.path, name)
const read = (words: ReadonlyArray<string>, more: { stdin?: Uint8Array } = {}) =>
  synprint(["read", ...words], { cwd: directory.path, ...more })
const capture = writePcap(frames(3))

beforeAll(() => {
  writeFileSync(at("three.pcap"), capture)
  writeFileSync(at("cut.pcap"), capture.subarray(0, capture.length - 10))
  writeFileSync(at("text.txt"), "this is no capture\n")
  writeFileSync(at("three.pcap.gz"), gzipSync(capture))
})

describe("formats", () => {
  test("text: a line per SYN, then packets and systems", async () => {
    const { code, out, err } = await read(["three.pcap"])
    expect([code, err]).toEqual([0, ""])
    const lines = out.split("\n")
    expect(lines[0]).toBe(
      `22:13:20.000000  10.1.0.1:40000 > 10.0.0.1:443  SYN      Linux 4.20 or newer, 3 hops, Ethernet  ${SIGNATURE}`
    )
    expect(out).toContain("\npackets  3: tcp 3\n")
    expect(out).toContain("\nSYN      3, and 0 repeated\n")
    expect(out).toMatch(/\nSYNs by system\n +Linux 4\.20 or newer +3 \(100\.0 %\)\n/)
  })

  test("json: one object per observation", async () => {
    const { out } = await read(["--format", "json", "three.pcap"])
    const objects = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(objects.filter((each) => each["event"] === "syn")).toHaveLength(3)
    expect(objects[0]).toMatchObject({
      client: "10.1.0.1",
      client_port: 40_000,
      os: "Linux 4.20 or newer",
      dist: 3,
      sig: SIGNATURE
    })
  })

  test("none: counts alone", async () => {
    const { code, out } = await read(["--format=none", "three.pcap"])
    expect(code).toBe(0)
    expect(out).toStartWith("packets       3: tcp 3\nSYN           3, and 0 repeated\n")
  })

  const vector = sharedFile("vectors/p0f/http_via.pcap")
  const hasP0f = existsSync("/etc/p0f/p0f.fp")
  if (!hasP0f) console.log("skipped: --format p0f needs /etc/p0f/p0f.fp")
  test.skipIf(vector === undefined || !hasP0f)(
    "p0f: p0f's lines, with p0f's database unless one is named",
    async () => {
      expect((await read(["--format", "p0f", vector!])).out).toBe(
        readFileSync(vector!.replace(/\.pcap$/, ".p0f.log"), "utf8")
      )
    }
  )

  test("p0f: one database only", async () => {
    const { code, err } = await read(["--format", "p0f", "-f", "builtin", "-f", "builtin", "three.pcap"])
    expect([code, err]).toEqual([64, "synprint read: --format p0f takes one database, as p0f does (-f once)\n"])
  })

  test("a database that can't be read is exit 78", async () => {
    const { code, err } = await read(["-f", "none.fp", "three.pcap"])
    expect(code).toBe(78)
    expect(err).toContain("none.fp: cannot read the database: ENOENT")
  })
})

describe("input", () => {
  test("- is stdin; several files are read in order", async () => {
    expect((await read(["--format", "none", "-"], { stdin: capture })).out).toStartWith("packets       3: ")
    expect((await read(["--format", "none", "three.pcap", "-", "three.pcap"], { stdin: capture })).out).toStartWith(
      "packets       9: "
    )
  })

  test("a file that is large enough for two threads says what a pipe of it says", async () => {
    const data = new Uint8Array(60_000).fill(0x61)
    const large = writePcap(
      Array.from({ length: 1200 }, (_, n) => ({
        bytes: synFrame({ ...LINUX, src: `10.2.${n >> 8}.${n & 255}`, dst: "10.0.0.1", seq: n + 1, payload: data }),
        sec: 1_700_000_000 + (n >> 4)
      }))
    )
    writeFileSync(at("large.pcap"), large.subarray(0, -1))
    for (const format of ["json", "none"]) {
      const one = await read(["--format", format, "-"], { stdin: large.subarray(0, -1) })
      const two = await read(["--format", format, "large.pcap"])
      expect(two.out.length).toBeGreaterThan(format === "none" ? 10 : 1200)
      expect(two.out === one.out).toBe(true)
      expect(two.err).toBe(one.err.replace("read: -:", "read: large.pcap:"))
      expect([two.code, one.code]).toEqual([0, 0])
    }
    const many = await read(["--format", "none", "large.pcap", "three.pcap", "large.pcap"])
    expect(many.out).toStartWith("packets       2,401: ")
  })

  test("a truncated tail is reported, what came before is kept", async () => {
    const { code, out, err } = await read(["--format", "none", "cut.pcap"])
    expect(out).toStartWith("packets       2: ")
    expect(err).toMatch(
      /^synprint read: cut\.pcap: the file ends inside a record, \d+ or more bytes are missing, at byte \d+; everything before it was read\n$/
    )
    expect(code).toBe(0)
  })

  test("what is no capture, empty, packed, missing, or a directory is exit 1 with the next step", async () => {
    for (const [name, says] of [
      ["text.txt", "not a pcap or pcapng file"],
      ["/dev/null", "it is empty"],
      ["three.pcap.gz", "zcat FILE | synprint read -"],
      ["none.pcap", "cannot read none.pcap: there is no such file"],
      [".", "it is a directory"]
    ] as const) {
      const { code, err } = await read(["--format", "none", name])
      expect(err).toContain(says)
      expect(code).toBe(1)
    }
    const { code, out } = await read(["--format", "none", "none.pcap", "three.pcap"])
    expect([code, out.slice(0, 17)]).toEqual([1, "packets       3: "])
  })

  test("the reader of our output may leave early", async () => {
    writeFileSync(at("many.pcap"), writePcap(Array.from({ length: 100 }, () => frames(250)).flat()))
    const child = Bun.spawn(
      [
        "sh",
        "-c",
        `"${process.execPath}" "${join(import.meta.dir, "../../packages/cli/src/main.ts")}" read --format json many.pcap | head -n 1`
      ],
      {
        cwd: directory.path,
        stdout: "pipe",
        stderr: "pipe"
      }
    )
    expect(await new Response(child.stdout).text()).toStartWith('{"time":1700000000')
    expect(await new Response(child.stderr).text()).toBe("")
  })
})

describe("-o, by p0f's rules", () => {
  test("created 0600 and appended to", async () => {
    await read(["--format", "json", "-o", "new.log", "three.pcap"])
    expect(statSync(at("new.log")).mode & 0o777).toBe(0o600)
    const once = readFileSync(at("new.log"), "utf8")
    const { out } = await read(["--format", "json", "-o", "new.log", "three.pcap"])
    expect(out).toBe("")
    expect(readFileSync(at("new.log"), "utf8")).toBe(once + once)
    chmodSync(at("new.log"), 0o640)
    await read(["--format", "json", "-o", "new.log", "three.pcap"])
    expect(statSync(at("new.log")).mode & 0o777).toBe(0o640)
  })

  test("no symbolic link, directory, pipe or missing directory", async () => {
    writeFileSync(at("target"), "")
    symlinkSync("target", at("link"))
    mkdirSync(at("directory"))
    Bun.spawnSync(["mkfifo", at("pipe")])
    for (const [name, says] of [
      ["link", "it is a symbolic link"],
      ["directory", "it is a directory"],
      ["pipe", "it is no regular file"],
      ["missing/x", "its directory is missing"]
    ] as const) {
      const { code, err } = await read(["-o", name, "three.pcap"])
      expect(err).toBe(`synprint read: cannot write ${name}: ${/.*/.exec(err.split(`${name}: `)[1] ?? "")![0]}\n`)
      expect(err).toContain(says)
      expect(code).toBe(1)
    }
    expect(readFileSync(at("target"), "utf8")).toBe("")
  })

  test("not while another process writes it", async () => {
    const holder = Bun.spawn(["flock", at("locked.log"), "sh", "-c", "echo held; sleep 60"], { stdout: "pipe" })
    await holder.stdout.getReader().read()
    const { code, err } = await read(["-o", "locked.log", "three.pcap"])
    holder.kill()
    expect(err).toContain("another process writes it")
    expect(code).toBe(1)
  })

  test("a full device is said once, exit 1", async () => {
    const child = Bun.spawn(
      [
        "sh",
        "-c",
        `"${process.execPath}" "${join(import.meta.dir, "../../packages/cli/src/main.ts")}" read --format json many.pcap >/dev/full`
      ],
      {
        cwd: directory.path,
        stderr: "pipe"
      }
    )
    expect(await new Response(child.stderr).text()).toBe(
      "synprint read: cannot write to stdout: no space left on the device\n"
    )
    expect(await child.exited).toBe(1)
  })

  test("a log file that takes no more is said once, exit 1; what it took is there", async () => {
    const main = join(import.meta.dir, "../../packages/cli/src/main.ts")
    writeFileSync(
      at("small.fp"),
      "classes = unix\n[tcp:request]\nlabel = s:unix:Linux:\nsig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0\n"
    )
    // One block of the shell's, 512 bytes.
    const limited = `trap "" XFSZ; ulimit -f 1; exec "${process.execPath}" "${main}" read --format p0f -f small.fp -o limited.log many.pcap`
    const child = Bun.spawn(["sh", "-c", limited], { cwd: directory.path, stderr: "pipe" })
    expect(await new Response(child.stderr).text()).toBe("synprint read: cannot write limited.log: EFBIG\n")
    expect(await child.exited).toBe(1)
    expect(readFileSync(at("limited.log"), "latin1")).toMatch(/^\[2023\/11\/14 22:13:20\] mod=syn\|cli=/)
    expect(statSync(at("limited.log")).size).toBeLessThanOrEqual(1024)
  })
})

test("limits and ages reach the engine", async () => {
  const hosts = async (...words: ReadonlyArray<string>): Promise<string> =>
    /^hosts +(\d+)$/m.exec((await read(["--format", "none", ...words, "three.pcap"])).out)?.[1] ?? "none"
  const all = Number(await hosts())
  expect(all).toBeGreaterThanOrEqual(3)
  expect(Number(await hosts("--limits", "10,2"))).toBeLessThan(all)
})
