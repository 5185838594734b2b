import { afterAll, expect, test } from "bun:test"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { synFrame, writePcap } from "@synprint/core/testing"
import { runCommandLine } from "./command-line.ts"
import { runInProcess } from "./testing/run-in-process.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-cli-"))
afterAll(() => rmSync(directory, { recursive: true }))

const at = (name: string): string => join(directory, name)
const run = (...words: ReadonlyArray<string>) => runInProcess(() => runCommandLine(words))

const SIGNATURE = "4:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"
const CAPTURE = at("syn.pcap")
writeFileSync(CAPTURE, writePcap([{ bytes: synFrame({ src: "198.51.100.1", options: "mss=1460" }), sec: 1 }]))

test("a command line that is wrong is exit 64 and says what is wrong", async () => {
  for (const [words, said] of [
    [["nope"], /Unknown subcommand "nope"/],
    [["spoa", "--confg", "x"], /--confg/],
    [["spoa", "surplus"], /surplus/],
    [["read"], /Missing required argument: FILE/],
    [["read", CAPTURE, "--limits", "12"], /expected FLOWS,HOSTS: two whole numbers from 1 to 1048576 and 16777216/],
    [["read", CAPTURE, "--ages", "0,1"], /expected SECONDS,MINUTES: two whole numbers from 1 to 1000000 and 1000000/]
  ] as const) {
    const { code, out, err } = await run(...words)
    expect([code, (out + err).match(said)?.[0]]).toEqual([64, expect.stringMatching(said)])
  }
})

test("a failure begins with the name of the command", async () => {
  const { code, err } = await run("explain", "4:64")
  expect(code).toBe(64)
  expect(err).toStartWith("synprint explain: this is no signature: ")
})

test("explain: a SYN unless --response says otherwise, by the built-in database unless others are named", async () => {
  expect((await run("explain", SIGNATURE)).out).toContain("Linux 4.20 or newer")
  const line = "sig = *:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0\n"
  const section = (name: string, label: string) => `[tcp:${name}]\nlabel = s:unix:${label}:1\n${line}`
  writeFileSync(at("own.fp"), `classes = unix\n${section("request", "Asker")}${section("response", "Answerer")}`)
  const title = async (...more: ReadonlyArray<string>) =>
    JSON.parse((await run("explain", SIGNATURE, "-f", at("own.fp"), "--format", "json", ...more)).out).match.line.title
  expect([await title(), await title("--response")]).toEqual(["Asker 1", "Answerer 1"])
})

test("read: what the plain forms do, with the code of its end", async () => {
  const read = (...words: ReadonlyArray<string>) =>
    run("read", ...words, "--output", at("read.log"), "--format", "json")
  expect(await read(CAPTURE, "--limits", "10,10", "--ages", "30,30")).toEqual({ code: 0, out: "", err: "" })
  expect(readFileSync(at("read.log"), "utf8")).toContain('"client":"198.51.100.1"')
  expect(await read(at("none.pcap"))).toEqual({
    code: 1,
    out: "",
    err: `synprint read: cannot read ${at("none.pcap")}: there is no such file\n`
  })
  expect((await read(CAPTURE, "-f", at("none.fp"))).code).toBe(78)
})

test("doctor: exit 1 when something fails, by the service that it is for", async () => {
  const doctor = async (...words: ReadonlyArray<string>) => {
    const { code, out } = await run("doctor", "--format", "json", ...words)
    return [code, JSON.parse(out) as ReadonlyArray<{ name: string; result: string; detail: string }>] as const
  }
  const [code, checks] = await doctor("--config", at("none.toml"))
  expect([code, checks[0]]).toEqual([1, expect.objectContaining({ name: "configuration", result: "fail" })])
  writeFileSync(
    at("good.toml"),
    '[capture]\nbackend = "saved-syn"\n[spoa]\nlisten = "unix:/nowhere/spoa.sock"\n[admin]\nlisten = []\n'
  )
  const [, good] = await doctor("--config", at("good.toml"))
  expect(good[0]).toMatchObject({ name: "configuration", result: "ok", detail: at("good.toml") })
  const text = await run("doctor", "--config", at("none.toml"))
  expect([text.code, text.out]).toEqual([1, expect.stringMatching(/^fail {2}configuration/)])
})

/** Flags with which a service that starts by mistake fails at once: nobody has this interface, this address or this directory. */
const NOWHERE = ["--set", "admin.listen=", "--backend", "xdp", "--interface", "nosuch0"]

test("--check: every service is content with its defaults, and opens nothing", async () => {
  for (const words of [
    ["spoa", "--listen", "unix:/nowhere/spoa.sock"],
    ["proxy", "--listen", "192.0.2.1:1"],
    ["agent"]
  ])
    expect(await run(...words, "--check", ...NOWHERE)).toEqual({ code: 0, out: "defaults: ok\n", err: "" })
})

test("flags of a service are settings; without --check it runs", async () => {
  const busy = at("busy")
  writeFileSync(busy, "no socket")
  const quiet = ["--set", "admin.listen=", "--set", "log.level=none", "--backend", "saved-syn"]
  const flags = [...quiet, "--listen", `unix:${busy}`]
  expect((await run("spoa", "--check", ...flags)).out).toBe("defaults: ok\n")
  const { code, err } = await run("spoa", ...flags)
  expect([code, err]).toEqual([1, expect.stringContaining("ENOTSOCK, the file is there and is no socket")])
  expect((await run("spoa", "--check", ...quiet, "--listen", "x")).err).toContain("--listen: spoa.listen[0]: expected")
  expect((await run("spoa", "--check", "--interface", "x", "--interface", "x")).err).toContain(
    "--interface: capture.interface: x is given twice"
  )
})
