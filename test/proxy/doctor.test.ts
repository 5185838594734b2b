/** `synprint doctor --for proxy`: what is wrong with a proxy's surroundings, and the next step. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test"
import { writeFileSync } from "node:fs"
import { answerHeads } from "@synprint/proxy/testing"
import { ENVIRONMENT, SYNPRINT } from "../lib/agent.ts"
import { asNobody, bundle } from "../lib/capability.ts"
import { requires, testWith } from "../lib/requires.ts"
import { type Authority, openAuthority } from "./certificates.ts"
import { makeDirectory } from "./proxy-process.ts"
import { closeAll, closeLater, OK, openUpstream } from "./setup.ts"

const NEEDS = [requires.binaries("openssl")]
const directory = makeDirectory()
let authority: Authority
beforeAll(async () => {
  if (NEEDS[0]!.missing === undefined) authority = await openAuthority(directory.path)
})
afterEach(closeAll)
afterAll(() => directory.remove())

interface PrintedCheck {
  readonly name: string
  readonly result: string
  readonly detail: string
  readonly next?: string
}

async function doctor(config: string, words: ReadonlyArray<string> = SYNPRINT): Promise<ReadonlyArray<PrintedCheck>> {
  const file = `${directory.path}/doctor.toml`
  writeFileSync(file, config)
  const child = Bun.spawn([...words, "doctor", "--for", "proxy", "--format", "json", "--config", file], {
    stdout: "pipe",
    stderr: "ignore",
    env: ENVIRONMENT
  })
  return JSON.parse(await new Response(child.stdout).text()) as ReadonlyArray<PrintedCheck>
}

const resultOf = (checks: ReadonlyArray<PrintedCheck>, name: string): string | undefined =>
  checks.find((each) => each.name === name)?.result

testWith(NEEDS, "certificates, limits, upstreams, and this Bun", async () => {
  const good = await authority.sign("fine", "IP:127.0.0.1", 300)
  const soon = await authority.sign("soon", "DNS:localhost", 3)
  const plain = openUpstream(answerHeads(OK))
  const { port } = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  const secure = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: Bun.file(good.certificate), key: Bun.file(good.key) },
    fetch: () => new Response("ok")
  })
  closeLater(() => secure.stop(true))
  const closed = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  closed.stop(true)
  const route = (target: string, more = ""): string =>
    `[[routes]]\nhost = "${target.slice(-9)}"\nupstream = "${target}"\n${more}`
  const ca = `upstream_ca = "${authority.certificate}"\n`
  const checks = await doctor(
    [
      `[proxy]\nlisten = "127.0.0.1:${port}"\n[proxy.limits]\nconnections = 4000000\nbacklog = 65535\n[proxy.tls]\nlisten = "127.0.0.1:0"`,
      ...[good, soon].map(
        ({ certificate, key }) => `[[proxy.tls.certificates]]\ncertificate = "${certificate}"\nkey = "${key}"`
      ),
      route(plain.target, 'health_check = "/health"\n'),
      route(`https://127.0.0.1:${secure.port}`, ca),
      route(`http://127.0.0.1:${closed.port}`)
    ].join("\n")
  )
  expect(resultOf(checks, "configuration")).toBe("ok")
  expect(resultOf(checks, "start-up test")).toBe("ok")
  expect(resultOf(checks, "descriptors")).toBe("warn")
  expect(resultOf(checks, `certificate ${good.certificate}`)).toBe("ok")
  expect(resultOf(checks, `certificate ${soon.certificate}`)).toBe("warn")
  expect(resultOf(checks, `upstream ${plain.target}`)).toBe("ok")
  expect(resultOf(checks, `upstream https://127.0.0.1:${secure.port}`)).toBe("ok")
  expect(resultOf(checks, `upstream http://127.0.0.1:${closed.port}`)).toBe("warn")
  expect(resultOf(checks, `proxy.listen 127.0.0.1:${port}`)).toBe("ok")
  for (const { result, next } of checks) if (result !== "ok") expect(next).toBeString()
  // Without its authority the certificate does not hold.
  const without = await doctor(`[proxy]\nlisten = "127.0.0.1:0"\n${route(`https://127.0.0.1:${secure.port}`)}`)
  const found = without.find(({ name }) => name.startsWith("upstream https"))!
  expect([found.result, found.detail.startsWith("TLS: "), found.next?.includes("upstream_ca")]).toEqual([
    "fail",
    true,
    true
  ])
})

testWith([requires.root], "a port below 1024 without the right to it", async () => {
  const main = await bundle(`${import.meta.dir}/../../packages/cli/src/main.ts`, directory.path)
  const words = asNobody([], [process.execPath, main])
  const first = Number(await Bun.file("/proc/sys/net/ipv4/ip_unprivileged_port_start").text())
  if (first < 80) return
  Bun.spawnSync(["chmod", "755", directory.path])
  const checks = await doctor('[proxy]\nlisten = "127.0.0.1:79"\n[[routes]]\nupstream = "http://127.0.0.1:9"\n', words)
  const found = checks.find(({ name }) => name === "port 79")!
  expect([found.result, found.next?.includes("CAP_NET_BIND_SERVICE")]).toEqual(["fail", true])
  const root = await doctor('[proxy]\nlisten = "127.0.0.1:79"\n[[routes]]\nupstream = "http://127.0.0.1:9"\n')
  expect(resultOf(root, "port 79")).toBe("ok")
})
