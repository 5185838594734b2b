/**
 * The proxy beside HAProxy and nginx as plain proxies: CPU per request of the process, one core each, the same upstream in the same run.
 *
 * Peers that are not installed are left out (SYNPRINT_TEST_NGINX names an nginx elsewhere). Each is warmed up before it is measured.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const MAIN = resolve(import.meta.dir, "../../cli/src/main.ts")
const WARM_SECONDS = 6
const SECONDS = 4
const isCheck = process.argv.includes("--check")

const directory = mkdtempSync(join(tmpdir(), "synprint-bench-"))
const children: Array<Bun.Subprocess> = []
function start(core: number, words: ReadonlyArray<string>): Bun.Subprocess {
  const child = Bun.spawn(["taskset", String(1 << core), ...words], { stdio: ["ignore", "ignore", "ignore"] })
  children.push(child)
  return child
}
function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** User and system time of a process in seconds. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}
function rssOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) * 1024
}

const key = join(directory, "c.key")
const pem = join(directory, "c.pem")
const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
Bun.spawnSync(["openssl", "req", "-x509", ...ec, "-keyout", key, "-out", pem, "-days", "2", "-subj", "/CN=bench"], {
  stdio: ["ignore", "ignore", "ignore"]
})
writeFileSync(join(directory, "both.pem"), readFileSync(pem, "utf8") + readFileSync(key, "utf8"))

const UP = 18_860
const HEADERS = [
  ["x-tcp-os", "Linux 4.20 or newer"],
  ["x-tcp-sig", "4:64+0:0:65495:mss*1,10:mss,sok,ts,nop,ws:df,id+:0"]
] as const
const DEFAULTS =
  "global\n nbthread 1\n maxconn 4000\n tune.ssl.default-dh-param 2048\ndefaults\n mode http\n timeout connect 5s\n timeout client 60s\n timeout server 60s\n"
const bigPath = file("big", "x".repeat(1_000_000))

interface Peer {
  readonly name: string
  readonly port: number
  readonly pid: () => number
}
const peers: Array<Peer> = []

try {
  const upstream = file(
    "up.cfg",
    `${DEFAULTS} option http-keep-alive\nfrontend up\n bind 127.0.0.1:${UP}\n http-request return status 200 content-type text/plain string "hello hello hello hello hello hello hello hello ok" if !{ path /big }\n default_backend none\nbackend none\n http-request return status 200 content-type text/plain file ${bigPath}\n`.replace(
      "default-dh-param 2048",
      "default-dh-param 2048\n tune.bufsize 2000000"
    )
  )
  start(1, ["haproxy", "-f", upstream])

  const config = `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:18861"\nworkers = 1\n[proxy.limits]\nconnections = 20000\n[proxy.tls]\nlisten = "127.0.0.1:18871"\n[[proxy.tls.certificates]]\ncertificate = "${pem}"\nkey = "${key}"\n[[routes]]\nupstream = "http://127.0.0.1:${UP}"\n`
  const ours = start(0, [process.execPath, MAIN, "proxy", "--config", file("p.toml", config)])
  peers.push({ name: "synprint", port: 18_861, pid: () => ours.pid })

  const set = HEADERS.map(([name, value]) => ` http-request set-header ${name} "${value}"\n`).join("")
  const haproxy = start(0, [
    "haproxy",
    "-f",
    file(
      "h.cfg",
      `${DEFAULTS}frontend f\n bind 127.0.0.1:18862\n bind 127.0.0.1:18872 ssl crt ${join(directory, "both.pem")}\n${set} option forwardfor\n default_backend b\nbackend b\n http-reuse always\n server s 127.0.0.1:${UP}\n`
    )
  ])
  peers.push({ name: "haproxy", port: 18_862, pid: () => haproxy.pid })

  const nginx = process.env["SYNPRINT_TEST_NGINX"] ?? Bun.which("nginx")
  if (nginx === null) console.log("nginx is not installed: left out")
  else {
    const add = HEADERS.map(([name, value]) => `proxy_set_header ${name} "${value}";`).join(" ")
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
      .join(" ")
    const text = `worker_processes 1; daemon off; master_process off; pid ${directory}/n.pid; error_log ${directory}/n.err; \nevents { worker_connections 4000; }\nhttp { access_log off; keepalive_requests 100000000; ${temporary}\nupstream u { server 127.0.0.1:${UP}; keepalive 128; keepalive_requests 100000000; }\nserver { listen 127.0.0.1:18863 backlog=4096; listen 127.0.0.1:18873 ssl; ssl_certificate ${pem}; ssl_certificate_key ${key}; location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; ${add} } } }\n`
    const child = start(0, [nginx, "-e", `${directory}/n.err`, "-c", file("n.conf", text)])
    peers.push({ name: "nginx", port: 18_863, pid: () => child.pid })
  }
  await Bun.sleep(2500)

  const wrk = async (peer: Peer, seconds: number, words: ReadonlyArray<string>, url: string) => {
    const from = cpuOf(peer.pid())
    const child = Bun.spawn(["taskset", "2", "wrk", "-t1", `-d${seconds}s`, "--latency", ...words, url], {
      stdout: "pipe"
    })
    const text = await new Response(child.stdout).text()
    await child.exited
    const requests = Number(/(\d+) requests in/.exec(text)?.[1] ?? 0)
    if (/Non-2xx/.test(text)) throw new Error(`${peer.name}: ${text}`)
    return {
      cpu: ((cpuOf(peer.pid()) - from) * 1e6) / requests,
      perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1] ?? 0),
      p99: /99%\s+(\S+)/.exec(text)?.[1] ?? "-"
    }
  }

  const close = ["-H", "Connection: close"]
  const failed: Array<string> = []
  for (const [name, budget, words, tls, path] of [
    ["keep-alive", 1, ["-c64"], false, "/"],
    ["one connection per request", 1.2, ["-c64", ...close], false, "/"],
    ["1 MB bodies", 1, ["-c16"], false, "/big"],
    ["TLS keep-alive", 1, ["-c64"], true, "/"],
    ["TLS full handshake", 1.5, ["-c16", ...close], true, "/"]
  ] as const) {
    const costs: Array<number> = []
    console.log(`\n${name}`)
    for (const peer of peers) {
      const url = tls ? `https://127.0.0.1:${peer.port + 10}${path}` : `http://127.0.0.1:${peer.port}${path}`
      await wrk(peer, peer.name === "synprint" ? WARM_SECONDS : 1, words, url)
      const { cpu, perSecond, p99 } = await wrk(peer, SECONDS, words, url)
      costs.push(cpu)
      console.log(
        `  ${peer.name.padEnd(9)} ${cpu.toFixed(1).padStart(8)} us CPU/request ${perSecond.toFixed(0).padStart(8)} /s  p99 ${p99}`
      )
    }
    const ratio = costs[0]! / Math.min(...costs.slice(1))
    const isOver = ratio > budget
    console.log(`  ratio to the better: ${ratio.toFixed(2)} (budget ${budget.toFixed(1)})${isOver ? "  OVER" : ""}`)
    if (isOver) failed.push(`${name} ${ratio.toFixed(2)}`)
  }

  // 10,000 idle connections that have had one request.
  const COUNT = 10_000
  const { pid, port } = { pid: peers[0]!.pid(), port: peers[0]!.port }
  const connect = async (count: number) => {
    const sockets: Array<Bun.Socket> = []
    let answered = 0
    for (let n = 0; n < count; n++) {
      const socket = await Bun.connect({
        hostname: "127.0.0.1",
        port,
        socket: { data: () => void answered++, error() {} }
      })
      socket.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
      sockets.push(socket)
    }
    while (answered < sockets.length) await Bun.sleep(10)
    return sockets
  }
  const first = await connect(2000)
  const before = rssOf(pid)
  const more = await connect(COUNT - 2000)
  const each = (rssOf(pid) - before) / (COUNT - 2000)
  console.log(
    `\nidle connections: ${(each / 1024).toFixed(1)} KiB each over ${COUNT} (budget 6.0)${each > 6 * 1024 ? "  OVER" : ""}`
  )
  if (each > 6 * 1024) failed.push(`idle connections ${(each / 1024).toFixed(1)} KiB`)
  for (const socket of [...first, ...more]) socket.end()
  if (isCheck && failed.length > 0) {
    console.error(`over budget: ${failed.join(", ")}`)
    process.exitCode = 1
  }
} finally {
  for (const child of children) child.kill("SIGKILL")
  await Promise.all(children.map(({ exited }) => exited))
  rmSync(directory, { recursive: true, force: true })
}
process.exit()
