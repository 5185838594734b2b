/**
 * The origin of an MSS as the proxy reports it, for real kernels, a real clamp and a real OpenVPN: interfaces of a small MTU, a router's
 * rule that lowers the MSS, and a tunnel that does, IPv4 and IPv6.
 */
import { expect } from "bun:test"
import { get } from "../lib/agent.ts"
import { run } from "../lib/process.ts"
import { testWith } from "../lib/requires.ts"
import { needs, openSite, type HaproxySite } from "../lib/site.ts"
import { startProxyProcess } from "../proxy/proxy-process.ts"

async function startProxy(site: HaproxySite): Promise<AsyncDisposable> {
  const listen = `listen = ["0.0.0.0:80", "[::]:80"]\nworkers = 1`
  const config = `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\n${listen}\n[[routes]]\nupstream = "http://127.0.0.1:8080"\n`
  const proxy = await startProxyProcess(config, site.directory, site.server.inside)
  if (proxy.child.exitCode !== null) throw new Error(proxy.log())
  return { [Symbol.asyncDispose]: async () => void (await proxy.stop()) }
}

/** Headers about the path of a connection to `host`, as the application receives them. */
async function ask({ client }: HaproxySite, host: string): Promise<Record<string, string | undefined>> {
  const text = await get(client.inside, `http://${host.includes(":") ? `[${host}]` : host}/`)
  const header = (name: string): string | undefined => new RegExp(`^x-tcp-${name}: (.*?)\\r?$`, "m").exec(text)?.[1]
  return {
    origin: header("mtu-origin"),
    interfaceMss: header("interface-mss"),
    mss: header("mss"),
    link: header("link"),
    candidates: header("link-candidates")
  }
}

testWith(
  needs("nft", "curl"),
  "an interface of MTU 1420, and Ethernet behind a router that clamps",
  async () => {
    await using site = await openSite()
    await using _proxy = await startProxy(site)
    const { client, server } = site
    const setMtu = (mtu: number) => run([...client.inside, "ip", "link", "set", client.interface, "mtu", String(mtu)])

    await setMtu(1420)
    const [own4, own6] = [await ask(site, server.ipv4), await ask(site, server.ipv6)]
    expect(own4).toMatchObject({ origin: "interface", mss: "1380", interfaceMss: "1380" })
    expect(own6).toMatchObject({ origin: "interface", mss: "1360", interfaceMss: "1360" })
    for (const { candidates } of [own4, own6]) expect(candidates).toStartWith('"WireGuard";q=0.')

    await setMtu(1500)
    const [full4, full6] = [await ask(site, server.ipv4), await ask(site, server.ipv6)]
    expect(full4).toMatchObject({ origin: "unknown", mss: "1460", interfaceMss: "1460", link: "Ethernet" })
    expect(full6).toMatchObject({ origin: "unknown", mss: "1440", interfaceMss: "1440", link: "Ethernet" })

    // Clamps the MSS like a PPPoE router, where a SYN comes in.
    const rule = (family: string, mss: number): string =>
      `add rule inet path way meta nfproto ${family} tcp flags syn tcp option maxseg size set ${mss}`
    const chain = "add table inet path; add chain inet path way { type filter hook prerouting priority -150; }"
    await run([...server.inside, "nft", [chain, rule("ipv4", 1452), rule("ipv6", 1432)].join("; ")])
    const [clamped4, clamped6] = [await ask(site, server.ipv4), await ask(site, server.ipv6)]
    expect(clamped4).toMatchObject({ origin: "clamped", mss: "1452", interfaceMss: "1460", link: "PPPoE" })
    expect(clamped6).toMatchObject({ origin: "clamped", mss: "1432", interfaceMss: "1440", link: "PPPoE" })
  },
  120_000
)

/** The tunnel's addresses: the server's end, the client's. */
const [SERVER4, CLIENT4, SERVER6, CLIENT6] = ["10.214.0.1", "10.214.0.2", "fd54::1", "fd54::2"]

/** A tunnel between two ends with one key pair, which know each other by its fingerprint. */
async function openTunnel(
  { client, server, directory }: HaproxySite,
  transport: "udp" | "tcp"
): Promise<AsyncDisposable> {
  const at = (name: string): string => `${directory}/${name}`
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", at("key.pem")]
  await run(["openssl", "req", "-x509", ...key, "-subj", "/CN=synprint", "-days", "2", "-out", at("cert.pem")])
  const print = await run(["openssl", "x509", "-fingerprint", "-sha256", "-noout", "-in", at("cert.pem")])
  const identity = ["--cert", at("cert.pem"), "--key", at("key.pem"), "--peer-fingerprint", print.trim().split("=")[1]!]
  const start = (inside: ReadonlyArray<string>, log: string, ...end: ReadonlyArray<string>) =>
    Bun.spawn([...inside, "openvpn", "--dev", "tun", ...identity, ...end], {
      stdout: Bun.file(at(`${transport}-${log}.log`)),
      stderr: "inherit"
    })
  const isTcp = transport === "tcp"
  const here = ["--ifconfig", SERVER4!, CLIENT4!, "--ifconfig-ipv6", `${SERVER6}/64`, CLIENT6!]
  const there = ["--ifconfig", CLIENT4!, SERVER4!, "--ifconfig-ipv6", `${CLIENT6}/64`, SERVER6!]
  const listen = ["--proto", isTcp ? "tcp-server" : "udp", "--lport", "1194", "--tls-server", "--dh", "none"]
  const dial = ["--proto", isTcp ? "tcp-client" : "udp", "--nobind", "--remote", server.ipv4, "1194", "--tls-client"]
  const ends = [start(server.inside, "server", ...listen, ...here), start(client.inside, "client", ...dial, ...there)]
  const close = async (): Promise<void> => {
    for (const end of ends) end.kill("SIGTERM")
    await Promise.all(ends.map(({ exited }) => exited))
  }
  for (const host of [SERVER4!, SERVER6!]) {
    const deadline = performance.now() + 60_000
    const isUp = async (): Promise<boolean> => {
      const words = [...client.inside, "ping", "-c1", "-W1", host]
      return (await Bun.spawn(words, { stdout: "ignore", stderr: "ignore" }).exited) === 0
    }
    while (!(await isUp())) {
      if (performance.now() > deadline) {
        await close()
        const logs = await Promise.all(
          ["server", "client"].map((end) => Bun.file(at(`${transport}-${end}.log`)).text())
        )
        throw new Error(`OpenVPN over ${transport}: ${host} not up within 60 s:\n${logs.join("\n")}`)
      }
      await Bun.sleep(100)
    }
  }
  return { [Symbol.asyncDispose]: close }
}

testWith(
  needs("openvpn", "openssl", "curl", "ping"),
  "through OpenVPN 2.6 over UDP and TCP: clamped, version and transport likeliest of all tunnels",
  async () => {
    await using site = await openSite()
    await using _proxy = await startProxy(site)
    for (const [transport, mss] of [
      ["udp", 1400],
      ["tcp", 1386]
    ] as const) {
      await using _tunnel = await openTunnel(site, transport)
      const [inner4, inner6] = [await ask(site, SERVER4!), await ask(site, SERVER6!)]
      expect(inner4).toMatchObject({ origin: "clamped", mss: String(mss), interfaceMss: "1460" })
      expect(inner6).toMatchObject({ origin: "clamped", mss: String(mss - 20), interfaceMss: "1440" })
      for (const { candidates } of [inner4, inner6]) {
        expect(/"(OpenVPN[^"]*)"/.exec(candidates ?? "")?.[1]).toBe(`OpenVPN 2.6 ${transport.toUpperCase()}`)
      }
    }
  },
  240_000
)
