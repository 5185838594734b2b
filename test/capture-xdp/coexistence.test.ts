/** Several programs on one interface: who shares, who is refused and with which words, what stays behind after a kill. */
import { afterAll, beforeAll, describe, expect } from "bun:test"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { attachClsactForTest } from "@synprint/capture-xdp/testing"
import { connections } from "../lib/connections.ts"
import { listen, tally } from "../lib/capture.ts"
import { until } from "../lib/until.ts"
import { clientLinks } from "../lib/links.ts"
import { run, start } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { withXdp, xdpOptions, xdpRefusal } from "./harness.ts"
import { BPF_NETNS, isMissing } from "./needs.ts"

const NEEDS = [...BPF_NETNS, requires.binaries("tc", "clang-14")]
const { one: link } = await clientLinks(NEEDS)
const TCX = requires.kernel("6.6", "TCX")
/** iproute2 mounts /sys/fs/bpf when it loads a program: not on this machine. */
const UNMOUNTED = ["unshare", "--mount"]
let directory: string

/** A foreign TC program that ends the chain with TC_ACT_OK, and an XDP one. */
const FOREIGN = `
__attribute__((section("classifier"), used)) int foreign_tc(void *skb) { return 0; }
__attribute__((section("xdp"), used)) int foreign_xdp(void *xdp) { return 2; }
char LICENSE[] __attribute__((section("license"), used)) = "MIT";
`

beforeAll(async () => {
  if (isMissing(NEEDS)) return
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "synprint-"))
  fs.writeFileSync(path.join(directory, "foreign.c"), FOREIGN)
  await run(["clang-14", "-target", "bpf", "-O2", "-c", "foreign.c", "-o", "foreign.o"], { cwd: directory })
})

afterAll(() => {
  if (isMissing(NEEDS)) return
  fs.rmSync(directory, { recursive: true, force: true })
})

const of = (hook: "native" | "generic" | "tc") => xdpOptions(hook, [link.here.interface])

describe("XDP has one place", () => {
  for (const [first, second] of [
    ["native", "native"],
    ["generic", "generic"],
    ["native", "generic"]
  ] as const) {
    testWith(NEEDS, `${first} held by us: ${second} is refused with the name of the holder`, () =>
      withXdp(of(first), async () => {
        const { message } = await xdpRefusal(of(second))
        expect(message).toMatch(
          new RegExp(
            `xdp: cannot attach XDP \\(${second}\\) to ${link.here.interface}: .*${first} program \\d+ \\(syn_xdp\\) holds it`
          )
        )
        expect(message).toContain('hook = "tc"')
      }).then(() => undefined)
    )
  }

  testWith(NEEDS, "a foreign one, attached by netlink, stays and is named; auto captures beside it", async () => {
    const ip = (...words: ReadonlyArray<string>) =>
      run([...UNMOUNTED, "ip", "link", "set", "dev", link.here.interface, ...words])
    await ip("xdpgeneric", "obj", path.join(directory, "foreign.o"), "sec", "xdp")
    try {
      expect((await xdpRefusal(of("generic"))).message).toMatch(/program \d+ \(foreign_xdp\) holds it/)
      await withXdp(xdpOptions("auto", [link.here.interface]), async (capture) => {
        using server = listen(capture)
        await connections(link.there, link.here.ipv4, server.port, 5)
        expect(tally(server.take())).toEqual({ hit: 5 })
      })
      expect(await run(["ip", "link", "show", "dev", link.here.interface])).toContain("xdpgeneric")
    } finally {
      await ip("xdpgeneric", "off")
    }
  })
})

describe("TC is shared", () => {
  testWith([...NEEDS, TCX], "two of us and a foreign filter that ends the chain: both see everything", async () => {
    const tc = (...words: ReadonlyArray<string>) => run([...UNMOUNTED, "tc", ...words])
    const at = ["dev", link.here.interface]
    await tc("qdisc", "add", ...at, "clsact")
    try {
      const object = path.join(directory, "foreign.o")
      await tc("filter", "add", ...at, "ingress", "prio", "1", "bpf", "da", "obj", object, "sec", "classifier")
      await withXdp(of("tc"), async (one) => {
        await withXdp(of("tc"), async (two) => {
          using first = listen(one)
          using second = listen(two)
          await connections(link.there, link.here.ipv4, first.port, 10)
          await connections(link.there, link.here.ipv6, second.port, 10)
          expect([tally(first.take()), tally(second.take())]).toEqual([{ hit: 10 }, { hit: 10 }])
          expect([one.stats()["stored"], two.stats()["stored"]]).toEqual([20, 20])
        })
      })
    } finally {
      await tc("qdisc", "del", ...at, "clsact")
    }
  })

  testWith(NEEDS, "clsact, for kernels before 6.6: found, replaced by the next, gone when closed", async () => {
    const filters = () => run(["tc", "filter", "show", "dev", link.here.interface, "ingress"])
    const program = Effect.gen(function* () {
      const first = yield* attachClsactForTest(link.here.interface, false)
      yield* Effect.promise(() => connections(link.there, link.here.ipv4, 9, 1).catch(() => undefined))
      yield* Effect.promise(() => until(() => first.counters().stored === 1, "the SYN is counted"))
      expect(yield* Effect.promise(filters)).toMatch(/pref 1 bpf .*handle 0x73796e/)
    })
    await Effect.runPromise(Effect.scoped(program))
    expect(await filters()).not.toContain("0x73796e")

    // Left behind by one that was killed: the next takes its place.
    await Effect.runPromise(Effect.scoped(attachClsactForTest(link.here.interface, true)))
    expect((await filters()).match(/handle 0x73796e/g)?.length).toBe(1)
    await Effect.runPromise(Effect.scoped(attachClsactForTest(link.here.interface, false)))
    expect(await filters()).not.toContain("0x73796e")
    await run(["tc", "qdisc", "del", "dev", link.here.interface, "clsact"])
  })
})

testWith(NEEDS, "killed with SIGKILL, nothing stays behind", async () => {
  for (const hook of ["native", "tc"] as const) {
    const words = [process.execPath, `${import.meta.dir}/probe.ts`, JSON.stringify({ options: of(hook), count: 1 })]
    await using program = start(words)
    await program.line(/^port /)
    await program.stop("SIGKILL")
    await withXdp(of(hook), () => Promise.resolve())
  }
  expect(await run(["ip", "-d", "link", "show", "dev", link.here.interface])).not.toContain("xdp")
})

describe("what can't be attached says what to do", () => {
  testWith(NEEDS, "native on loopback, an unknown interface, a cgroup that is none", async () => {
    expect((await xdpRefusal(xdpOptions("native", ["lo"]))).message).toContain("the driver has no native XDP")
    const unknown = await xdpRefusal(xdpOptions("auto", ["nosuch0"]))
    expect(unknown.message).toContain("xdp: cannot attach to nosuch0: no such interface")
    expect(unknown.kind).toBe("config")
    const cgroup = await xdpRefusal(xdpOptions("cgroup", [], {}, { cgroup: "/proc" }))
    expect(cgroup.message).toContain("it has to be a directory of the cgroup2 file system")
    expect((await xdpRefusal(xdpOptions("cgroup", []))).message).toContain("set [capture.xdp] cgroup")
  })
})
