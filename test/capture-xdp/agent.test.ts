/** `synprint agent` and those who read its pins: without capability, over upgrades, and what they say when they cannot. */
import { describe, expect } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { connections } from "../lib/connections.ts"
import { listen, tally } from "../lib/capture.ts"
import { until } from "../lib/until.ts"
import { ENVIRONMENT, get, SYNPRINT } from "../lib/agent.ts"
import { compileC } from "../lib/compile.ts"
import { asNobody } from "../lib/capability.ts"
import { clientLinks } from "../lib/links.ts"
import { type Program, run, start } from "../lib/process.ts"
import { requires, testWith } from "../lib/requires.ts"
import { mountBpffs } from "./bpffs.ts"
import { withXdp, xdpOptions, xdpRefusal } from "./harness.ts"
import { BPF_NETNS } from "./needs.ts"
import { probeBundle } from "./probe-bundle.ts"

const NEEDS = [...BPF_NETNS, requires.binaries("setpriv", "curl")]
const { one: link } = await clientLinks(NEEDS)
const made = probeBundle(NEEDS)

let started = 0
/** Below the ports that the kernel gives away by itself. */
const ADMIN = 20_000 + (process.pid % 12_000)

/** Starts the agent and waits until it is ready. */
async function startAgent(
  pin: string,
  more: ReadonlyArray<string> = [],
  config = "",
  command = SYNPRINT
): Promise<Program> {
  const file = path.join(made.directory, `agent-${started++}.toml`)
  fs.writeFileSync(file, config)
  const words = [...command, "agent", "--config", file, "--interface", link.here.interface]
  const settings = [
    `capture.xdp.pin=${pin}`,
    `admin.listen=127.0.0.1:${ADMIN}`,
    "capture.capacity=4096",
    "log.format=logfmt"
  ]
  const program = start([...words, ...settings.flatMap((setting) => ["--set", setting]), ...more], {
    env: ENVIRONMENT as Record<string, string>
  })
  await until(
    () => program.complaint().includes("agent: pins in") || program.complaint().includes("cannot"),
    "the agent is up"
  )
  if (!program.complaint().includes("agent: pins in")) throw new Error(program.complaint())
  return program
}

/** Agent and probe of a version whose layout is 2, as command words and as a file. */
async function nextLayout(): Promise<readonly [ReadonlyArray<string>, string]> {
  const outdir = path.join(made.directory, "next")
  const entrypoints = [`${import.meta.dir}/../../packages/cli/src/main.ts`, `${import.meta.dir}/probe.ts`]
  let isRaised = false
  const raise: Bun.BunPlugin = {
    name: "layout 2",
    setup: (build) => {
      build.onLoad({ filter: /capture-xdp\/src\/map\/record\.ts$/ }, async ({ path: file }) => {
        const source = await Bun.file(file).text()
        const contents = source.replace("LAYOUT_VERSION = 1", "LAYOUT_VERSION = 2")
        if (contents === source) throw new Error("record.ts has another layout than 1")
        isRaised = true
        return { contents, loader: "ts" }
      })
    }
  }
  const built = await Bun.build({ entrypoints, target: "bun", outdir, naming: "[name].[ext]", plugins: [raise] })
  if (!built.success) throw new Error(built.logs.join("\n"))
  if (!isRaised) throw new Error("the build did not load record.ts")
  return [[process.execPath, path.join(outdir, "main.js")], path.join(outdir, "probe.js")]
}

const detach = (pin: string) =>
  run([...SYNPRINT, "agent", "--detach", "--interface", link.here.interface, "--set", `capture.xdp.pin=${pin}`], {
    env: ENVIRONMENT as Record<string, string>
  })

const reading = (pin: string) => xdpOptions("auto", [], {}, { attach: false, pin })

describe("agent", () => {
  testWith(
    NEEDS,
    "pins with mode and group, serves metrics; readers find everything, also when it is gone",
    async () => {
      using bpffs = mountBpffs()
      const { pin } = bpffs
      await using agent = await startAgent(pin, [
        "--set",
        "capture.xdp.pin_mode=0644",
        "--set",
        "capture.xdp.pin_group=65534"
      ])
      const pins = fs.readdirSync(`${pin}/v1`).toSorted()
      expect(pins).toEqual(["config", "counters", `link_tc_${link.here.interface}`, "syns"])
      for (const name of ["config", "counters", "syns"]) {
        const { mode, gid } = fs.statSync(`${pin}/v1/${name}`)
        expect([mode & 0o777, gid]).toEqual([0o644, 65534])
      }
      expect(await get([], `http://127.0.0.1:${ADMIN}/live`)).toBe("ok\n")
      expect(await get([], `http://127.0.0.1:${ADMIN}/ready`)).toBe("ok\n")
      const nobody = start(
        asNobody([], [process.execPath, made.probe, JSON.stringify({ options: reading(pin), count: 30 })]),
        {
          cwd: "/"
        }
      )
      const port = Number((await nobody.line(/^port /)).slice(5))
      await connections(link.there, link.here.ipv4, port, 10)
      expect(await get([], `http://127.0.0.1:${ADMIN}/metrics`)).toMatch(/^synprint_xdp_stored_total 10$/m)
      await agent.stop("SIGKILL")
      await connections(link.there, link.here.ipv6, port, 10)
      await using again = await startAgent(pin)
      expect(await again.stop()).toBe(0)
      expect(again.complaint()).toContain("the capture goes on")
      await connections(link.there, link.here.ipv4, port, 10)
      expect(await nobody.line(/^tally /)).toBe('tally {"hit":30}')
      expect(await nobody.ended).toBe(0)

      await detach(pin)
      expect(fs.existsSync(pin)).toBe(false)
      expect((await run(["tc", "filter", "show", "dev", link.here.interface, "ingress"])).trim()).toBe("")
    },
    120_000
  )

  testWith(
    NEEDS,
    "is replaced five times under load, twice with another capacity: no lookup is lost",
    async () => {
      using bpffs = mountBpffs()
      const { pin } = bpffs
      const first = await startAgent(pin)
      await withXdp(reading(pin), async (capture) => {
        using server = listen(capture)
        let isLoading = true
        let made = 0
        const load = (async () => {
          while (isLoading || made <= 1000) {
            await Promise.all([
              connections(link.there, link.here.ipv4, server.port, 200),
              connections(link.there, link.here.ipv6, server.port, 200)
            ])
            made += 400
          }
        })()
        let agent = first
        for (const capacity of [4096, 4096, 8192, 8192, 4096]) {
          await Bun.sleep(100)
          await agent.stop("SIGTERM")
          agent = await startAgent(pin, ["--set", `capture.capacity=${capacity}`])
        }
        await Bun.sleep(200)
        isLoading = false
        await load
        expect(tally(server.take())).toEqual({ hit: made })
        expect(capture.stats()["followed"]).toBe(2)
        console.log(`agent replaced five times: ${made} of ${made} lookups found`)

        await agent.stop()
        await detach(pin)
        await until(() => capture.down() !== undefined, "the reader notices")
        expect(capture.down()).toContain("no pins are there")
        await connections(link.there, link.here.ipv4, server.port, 3)
        expect(tally(server.take())).toEqual({ backend_down: 3 })

        // And comes back by itself.
        await using last = await startAgent(pin)
        await until(() => capture.down() === undefined, "the reader follows")
        await connections(link.there, link.here.ipv4, server.port, 3)
        expect(tally(server.take())).toEqual({ hit: 3 })
        await last.stop()
        await detach(pin)
      })
    },
    120_000
  )

  testWith(
    NEEDS,
    "an agent of the next layout takes the links over; old readers say why they see nothing, and follow back",
    async () => {
      using bpffs = mountBpffs()
      const { pin } = bpffs
      const [agentOfNext, probeOfNext] = await nextLayout()
      for (const hook of ["tc", "native"]) {
        const hooked = ["--set", `capture.xdp.hook=${hook}`]
        const first = await startAgent(pin, hooked)
        await withXdp(reading(pin), async (capture) => {
          using server = listen(capture)
          await connections(link.there, link.here.ipv4, server.port, 3)
          expect(tally(server.take())).toEqual({ hit: 3 })
          const both = await startAgent(pin, [...hooked, "--set", "admin.listen="], "", agentOfNext).catch(String)
          expect(String(both)).toContain("another agent of this host uses it")
          const linkAt = (layout: string) => fs.statSync(`${pin}/${layout}/link_${hook}_${link.here.interface}`).ino
          const linked = linkAt("v1")
          await first.stop()
          await using next = await startAgent(pin, hooked, "", agentOfNext)
          expect(next.complaint()).toContain("took over from an agent of layout 1")
          expect(fs.readdirSync(pin)).toEqual(["v2"])
          // The link stays and gets another program: no packet went by in between.
          expect(linkAt("v2")).toBe(linked)
          await until(() => capture.down() !== undefined, "the reader notices")
          expect(capture.down()).toContain("the agent writes layout 2, this program reads 1")
          await connections(link.there, link.here.ipv4, server.port, 3)
          expect(tally(server.take())).toEqual({ backend_down: 3 })
          await using reader = start([
            process.execPath,
            probeOfNext,
            JSON.stringify({ options: reading(pin), count: 3 })
          ])
          const port = Number((await reader.line(/^port /)).slice(5))
          await connections(link.there, link.here.ipv6, port, 3)
          expect(await reader.line(/^tally /)).toBe('tally {"hit":3}')
          await next.stop()

          // And back: the reader follows without a restart.
          await using again = await startAgent(pin, hooked)
          await until(() => capture.down() === undefined, "the reader follows")
          await connections(link.there, link.here.ipv4, server.port, 3)
          expect(tally(server.take())).toEqual({ hit: 3 })
          await again.stop()
        })
        // --detach takes every layout away.
        await using last = await startAgent(pin, hooked, "", agentOfNext)
        await last.stop()
        await detach(pin)
        expect(fs.existsSync(pin)).toBe(false)
      }
    },
    120_000
  )

  testWith(
    NEEDS,
    "takes a new filter on SIGHUP, the reader a new key; a second agent is refused",
    async () => {
      using bpffs = mountBpffs()
      const { pin } = bpffs
      const file = path.join(made.directory, `agent-${started}.toml`)
      await using agent = await startAgent(pin, [], "[capture]\nports = [1]\n")
      const refused = await startAgent(pin, ["--set", "admin.listen="]).catch((error: Error) => error.message)
      expect(String(refused)).toContain("another agent of this host uses it")
      await withXdp(reading(pin), async (capture) => {
        using server = listen(capture)
        await connections(link.there, link.here.ipv4, server.port, 3)
        expect(tally(server.take())).toEqual({ not_captured: 3 })
        const reload = async (config: string) => {
          const before = agent.complaint().split("reloaded").length
          fs.writeFileSync(file, config)
          process.kill(agent.pid, "SIGHUP")
          await until(() => agent.complaint().split("reloaded").length > before, "the agent has reloaded")
        }
        // The program and its reader take it a little later than the log, each for itself.
        const found = async () => {
          const deadline = performance.now() + 15_000
          for (;;) {
            await connections(link.there, link.here.ipv4, server.port, 3)
            const counts = tally(server.take())
            if (counts["hit"] === 3 || performance.now() > deadline) return counts
            await Bun.sleep(50)
          }
        }
        await reload(`[capture]\nports = [${server.port}]\n`)
        expect(await found()).toEqual({ hit: 3 })
        await reload('[capture]\nkey = "client"\n')
        expect(await found()).toEqual({ hit: 3 })
      })
      await agent.stop()
      await detach(pin)
    },
    120_000
  )

  testWith(
    NEEDS,
    "notices that its interface was made again, pinned link and all",
    async () => {
      using bpffs = mountBpffs()
      const { pin } = bpffs
      await using agent = await startAgent(pin)
      await withXdp(reading(pin), async (capture) => {
        using server = listen(capture)
        await link.cut()
        await until(() => agent.complaint().includes("lost"), "the loss is logged")
        const answer = await fetch(`http://127.0.0.1:${ADMIN}/ready`)
        expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining(link.here.interface)])
        await link.again()
        await until(() => agent.complaint().includes("again: TC"), "it is attached again")
        await connections(link.there, link.here.ipv4, server.port, 5)
        expect(tally(server.take())).toEqual({ hit: 5 })
      })
      await agent.stop()
      await detach(pin)
    },
    120_000
  )
})

describe("a reader that can't", () => {
  testWith(NEEDS, "says that there is no agent, that the mode forbids it, or that the keys differ", async () => {
    using bpffs = mountBpffs()
    const { pin } = bpffs
    const none = await xdpRefusal(reading(pin))
    expect(none.message).toContain(`xdp: cannot open ${pin}/v1/syns: no pins are there (start synprint agent`)
    await using agent = await startAgent(pin, ["--set", "capture.xdp.pin_mode=0600"])
    const words = [process.execPath, made.probe, JSON.stringify({ options: reading(pin), count: 1 })]
    await using nobody = start(asNobody([], words), { cwd: "/" })
    expect(await nobody.ended).toBe(77)
    expect(nobody.complaint()).toContain("the file mode of the pin does not let this user read it")
    fs.chmodSync(bpffs.root, 0o700)
    await using outside = start(asNobody([], words), { cwd: "/" })
    expect(await outside.ended).toBe(77)
    expect(outside.complaint()).toContain(`EACCES, this user may not enter ${bpffs.root} (chmod 0711`)
    const other = await xdpRefusal({ ...reading(pin), filter: { ports: [], addresses: [], key: "client" } })
    expect(other.message).toContain('the agent captures with key = "connection"')
    await agent.stop()
    fs.renameSync(`${pin}/v1`, `${pin}/v2`)
    const layout = await xdpRefusal(reading(pin))
    expect(layout.message).toContain("the agent writes layout 2, this program reads 1")
    fs.renameSync(`${pin}/v2`, `${pin}/v1`)
    await detach(pin)
  })

  testWith(
    [...NEEDS, requires.binaries("gcc")],
    "says that seccomp blocks bpf(2), and doctor says the same",
    async () => {
      using bpffs = mountBpffs()
      const { pin } = bpffs
      const filtered = await compileC("seccomp.c", made.directory)
      await using agent = await startAgent(pin, ["--set", "capture.xdp.pin_mode=0644"])
      const words = [filtered, process.execPath, made.probe, JSON.stringify({ options: reading(pin), count: 1 })]
      await using nobody = start(asNobody([], words), { cwd: "/" })
      expect(await nobody.ended).toBe(77)
      expect(nobody.complaint()).toContain("EPERM, operation not permitted: a seccomp filter blocks bpf(2)")
      expect(nobody.complaint()).toContain("--security-opt seccomp=")
      const nothing = JSON.stringify({ options: reading(`${pin}-not`), count: 1 })
      await using nowhere = start(asNobody([], [filtered, process.execPath, made.probe, nothing]), { cwd: "/" })
      expect(await nowhere.ended).toBe(1)
      expect(nowhere.complaint()).toContain("no pins are there")
      const settings = {
        SYNPRINT_CAPTURE_BACKEND: "xdp",
        SYNPRINT_CAPTURE_XDP_ATTACH: "false",
        SYNPRINT_CAPTURE_XDP_PIN: pin
      }
      await using doctor = start([filtered, ...SYNPRINT, "doctor"], {
        env: { ...ENVIRONMENT, ...settings } as Record<string, string>
      })
      expect(await doctor.ended).toBe(1)
      expect(doctor.output()).toMatch(/fail {2}xdp: bpf\(2\) +EPERM.*a seccomp filter blocks it/)
      await agent.stop()
      await detach(pin)
    }
  )

  testWith(NEEDS, "a directory that is no bpf file system", async () => {
    const plain = path.join(made.directory, "plain")
    const refused = await startAgent(plain).catch((error: Error) => error.message)
    expect(String(refused)).toContain("it is not in a bpf file system")
  })
})
