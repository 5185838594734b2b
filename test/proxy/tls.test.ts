/** TLS listeners: which certificate who gets, new certificates under load, resumption, what is offered. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test"
import { readdirSync, renameSync } from "node:fs"
import { connect as connectTls, type TLSSocket } from "node:tls"
import { answerHeads } from "@synprint/proxy/testing"
import { requires, testWith } from "../lib/requires.ts"
import { until } from "../lib/until.ts"
import { type Pair, selfSigned } from "./certificates.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"
import { closeAll, GET, OK, openUpstream } from "./setup.ts"

const NEEDS = [requires.binaries("openssl", "curl")]
const directory = makeDirectory()
let a: Pair
let b: Pair
beforeAll(async () => {
  if (NEEDS[0]!.missing !== undefined) return
  a = await selfSigned(directory.path, "a.test")
  b = await selfSigned(directory.path, "b.test")
})
const running: Array<ProxyProcess> = []
afterEach(async () => {
  for (const proxy of running.splice(0)) await proxy.stop("SIGKILL")
  await closeAll()
})
afterAll(() => directory.remove())

async function start(target: string, pairs: ReadonlyArray<Pair>, more = "", workers = 2): Promise<ProxyProcess> {
  const proxy = await startProxyProcess(
    `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = ${workers}\n[proxy.tls]\nlisten = "127.0.0.1:0"\n${more}${pairs.map(({ certificate, key }) => `[[proxy.tls.certificates]]\ncertificate = "${certificate}"\nkey = "${key}"\n`).join("")}[[routes]]\nupstream = "${target}"\n`,
    directory.path
  )
  running.push(proxy)
  return proxy
}

async function output(...words: ReadonlyArray<string>): Promise<string> {
  const child = Bun.spawn([...words], { stdin: new Blob([]), stdout: "pipe", stderr: "pipe" })
  const [out, complaint] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return out + complaint
}
const curl = (...words: ReadonlyArray<string>): Promise<string> => output("curl", "-sSk", "--max-time", "20", ...words)
const openssl = (port: number, ...words: ReadonlyArray<string>): Promise<string> =>
  output("openssl", "s_client", "-connect", `127.0.0.1:${port}`, ...words)

/** Name in the certificate that a client gets; no name: without SNI. */
const served = async (port: number, name?: string): Promise<string> =>
  /subject=CN = (\S+)/.exec(
    await openssl(port, ...(name === undefined ? ["-noservername"] : ["-servername", name]))
  )?.[1] ?? "none"

testWith(NEEDS, "SNI, wildcards, no SNI; ALPN offers http/1.1 alone; headers tell of https", async () => {
  const upstream = openUpstream(answerHeads(OK))
  const proxy = await start(upstream.target, [a, b])
  const port = proxy.ports[1]!
  expect(await curl("--http1.1", `https://127.0.0.1:${port}/`)).toBe("ok")
  const { text } = upstream.connections[0]!
  expect(text).toContain(`\r\nX-Forwarded-Port: ${port}\r\nX-Forwarded-Proto: https\r\n`)
  expect(text).toContain("\r\nx-tcp-sig: 4:64+0:0:")
  expect(await curl(`https://127.0.0.1:${port}/`)).toBe("ok") // offers h2 too
  const names = [undefined, "b.test", "x.b.test", "x.y.b.test", "B.TEST", "other"]
  expect(await Promise.all(names.map((name) => served(port, name)))).toEqual([
    "a.test",
    "b.test",
    "b.test",
    "a.test",
    "b.test",
    "a.test"
  ])
  expect(await openssl(port, "-alpn", "h2,http/1.1")).toContain("ALPN protocol: http/1.1")
  expect(await openssl(port, "-alpn", "h2")).not.toContain("ALPN protocol: h2")
})

testWith(NEEDS, "TLS 1.2 and 1.3, or 1.3 alone; nothing older; sessions are resumed", async () => {
  const upstream = openUpstream(answerHeads(OK))
  const port = (await start(upstream.target, [a])).ports[1]!
  expect(await openssl(port, "-tls1_2")).toContain("Protocol  : TLSv1.2")
  expect(await openssl(port, "-tls1_3")).toContain("TLSv1.3")
  expect(await openssl(port, "-tls1_1")).not.toContain("subject=")
  const strict = (await start(upstream.target, [a], 'min_version = "1.3"\n')).ports[1]!
  expect(await openssl(strict, "-tls1_2")).not.toContain("subject=")
  expect(await openssl(strict, "-tls1_3")).toContain("subject=")
  // Also by name, which takes another context.
  expect(await openssl(strict, "-tls1_2", "-servername", "a.test")).not.toContain("subject=")
  // -reconnect: five more with the session of the first, of which those that the same Worker gets resume it.
  let reused = 0
  for (let n = 0; n < 5 && reused === 0; n++)
    reused = (await openssl(port, "-tls1_2", "-reconnect")).split("Reused, TLSv1.2").length - 1
  expect(reused).toBeGreaterThan(0)
})

testWith(
  NEEDS,
  "new certificates under load: no request fails, no connection ends, clients without SNI get the new one",
  async () => {
    const upstream = openUpstream(answerHeads(OK))
    const changing = { certificate: `${directory.path}/changing.pem`, key: `${directory.path}/changing.key` }
    const replace = async (name: string): Promise<void> => {
      const next = await selfSigned(directory.path, name)
      renameSync(next.key, changing.key)
      renameSync(next.certificate, changing.certificate)
    }
    await replace("first.test")
    const proxy = await start(upstream.target, [changing, b])
    const port = proxy.ports[1]!
    const outcomes = { ok: 0, failed: 0 }
    let isOver = false
    const one = async (n: number): Promise<void> => {
      while (!isOver) {
        const outcome = await connection(port, n % 2 === 0 ? undefined : "b.test", 1)
        if (outcome === "ok") outcomes.ok++
        else outcomes.failed++
      }
    }
    const loads = [0, 1, 2, 3].map(one)
    // Open before the first reload, used after the last.
    const kept = await Promise.all([0, 1, 2, 3].map(() => open(port)))
    for (const client of kept) expect(await ask(client)).toBe(true)
    for (let n = 0; n < 3; n++) {
      await replace(`next${n}.test`)
      proxy.child.kill("SIGHUP")
      const deadline = performance.now() + 20_000
      const names = async () => [...new Set(await Promise.all(Array.from({ length: 6 }, () => served(port))))]
      // Six, since both Workers have to have it.
      let all = await names()
      while (all.join() !== `next${n}.test` && performance.now() < deadline) all = await names()
      expect(all).toEqual([`next${n}.test`])
      expect(await served(port, "b.test")).toBe("b.test")
    }
    for (const client of kept) expect(await ask(client)).toBe(true)
    for (const client of kept) client.destroy()
    await until(() => outcomes.ok + outcomes.failed > 30, "more than 30 requests meanwhile")
    isOver = true
    await Promise.all(loads)
    expect(outcomes.failed).toBe(0)
  },
  150_000
)

testWith(
  NEEDS,
  "reloads: sessions outlive one without other certificates, and no descriptor stays behind",
  async () => {
    const upstream = openUpstream(answerHeads(OK))
    const own = { certificate: `${directory.path}/own.pem`, key: `${directory.path}/own.key` }
    const renew = async (name: string): Promise<void> => {
      const next = await selfSigned(directory.path, name)
      renameSync(next.key, own.key)
      renameSync(next.certificate, own.certificate)
    }
    await renew("one.test")
    const proxy = await start(upstream.target, [own], "", 1)
    const port = proxy.ports[1]!
    let reloads = 0
    const reload = async (): Promise<void> => {
      proxy.child.kill("SIGHUP")
      reloads++
      await until(() => proxy.log().split("reloaded").length - 1 >= reloads, "it reloads")
    }
    /** Waits until `name` is served: a Worker takes other certificates a little later than the log says. */
    const becomes = async (name: string): Promise<void> => {
      const deadline = performance.now() + 15_000
      while ((await served(port)) !== name && performance.now() < deadline) await Bun.sleep(20)
      expect(await served(port)).toBe(name)
    }
    const session = `${directory.path}/session`
    await openssl(port, "-tls1_2", "-sess_out", session)
    await reload()
    // Nothing shows that the Worker has taken it; one that has not yet could only hide a fault.
    await Bun.sleep(300)
    expect(await openssl(port, "-tls1_2", "-sess_in", session)).toContain("Reused, TLSv1.2")
    await renew("two.test")
    await reload()
    await becomes("two.test")
    expect(await openssl(port, "-tls1_2", "-sess_in", session)).not.toContain("Reused, TLSv1.2")
    const descriptors = (): number => readdirSync(`/proc/${proxy.child.pid}/fd`).length
    const before = descriptors()
    for (let n = 0; n < 10; n++) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await renew(`n${n}.test`)
      await reload()
    }
    await becomes("n9.test")
    await until(() => descriptors() <= before + 2, `no more than ${before + 2} descriptors`)
  },
  150_000
)

testWith(NEEDS, "garbage, half a handshake and silence cost their own connection", async () => {
  const upstream = openUpstream(answerHeads(OK))
  const port = (await start(upstream.target, [a], "")).ports[1]!
  const { RawClient } = await import("@synprint/proxy/testing")
  const bad = await RawClient.connect(port)
  bad.send(GET)
  await bad.untilEnd()
  const half = await RawClient.connect(port)
  half.send("\u0016\u0003\u0001\u0002\0\u0001\0")
  const silent = await RawClient.connect(port)
  for (let n = 0; n < 10; n++) expect(await connection(port, undefined, 2)).toBe("ok")
  half.reset()
  silent.reset()
  expect(upstream.connections.every(({ text }) => text.startsWith("GET / HTTP/1.1\r\n"))).toBe(true)
})

const open = (port: number, servername?: string): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, rejectUnauthorized: false, ...(servername && { servername }) }
    const socket = connectTls(options, () => resolve(socket))
    socket.once("error", reject)
  })

/** A request on an open connection. */
const ask = (socket: TLSSocket): Promise<boolean> =>
  new Promise((resolve) => {
    let text = ""
    const done = (isOk: boolean): void => {
      socket.removeAllListeners("data")
      resolve(isOk)
    }
    socket.on("data", (chunk) => {
      text += String(chunk)
      if (text.endsWith("\r\n\r\nok")) done(true)
    })
    socket.once("close", () => done(false))
    socket.write(GET)
  })

async function connection(port: number, servername: string | undefined, requests: number): Promise<string> {
  try {
    const socket = await open(port, servername)
    for (let n = 0; n < requests; n++) if (!(await ask(socket))) return "closed"
    socket.destroy()
    return "ok"
  } catch (cause) {
    return (cause as Error).message
  }
}
