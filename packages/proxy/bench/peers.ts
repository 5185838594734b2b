/**
 * The programs of the benchmark: the proxy, HAProxy and nginx as plain proxies that add two headers, and the floor of Bun's sockets. All on
 * core 0; the upstream is HAProxy on core 1, which wrk shares.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const MAIN = resolve(import.meta.dir, "../../cli/src/main.ts")
const FLOOR = resolve(import.meta.dir, "forward-process.ts")
const UPSTREAM_PORT = 18_860
const SMALL = "hello hello hello hello hello hello hello hello ok"
const BIG_SIZE = 1_000_000
const HEADERS = [
  ["x-tcp-os", "Linux 4.20 or newer"],
  ["x-tcp-sig", "4:64+0:0:65495:mss*1,10:mss,sok,ts,nop,ws:df,id+:0"]
] as const
const HAPROXY = `global
 nbthread 1
 maxconn 4000
 tune.ssl.default-dh-param 2048
defaults
 mode http
 timeout connect 5s
 timeout client 60s
 timeout server 60s
`

/** A running proxy of the comparison: ours, a peer's, or the floor. */
export interface ProxyProgram {
  readonly name: string
  readonly pid: number
  readonly port: number
  readonly tlsPort: number
}

export interface Programs {
  readonly proxy: ProxyProgram
  /** The proxy of another checkout (`--against`). */
  readonly otherProxy: ProxyProgram | undefined
  readonly floor: ProxyProgram
  /** The other proxies that are installed. */
  readonly others: ReadonlyArray<ProxyProgram>
  readonly stop: () => Promise<void>
}

export function startPrograms(otherMain: string | undefined): Programs {
  // Not where configurations lie: the proxy watches the directory of its own for changes, and logs would be changes.
  const directory = mkdtempSync(join(tmpdir(), "synprint-bench-"))
  const children: Array<Bun.Subprocess> = []
  const file = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }
  const start = (core: number, ...words: ReadonlyArray<string>): number => {
    const child = Bun.spawn(["taskset", "-c", String(core), ...words], { stdio: ["ignore", "ignore", "ignore"] })
    children.push(child)
    return child.pid
  }

  const key = join(directory, "c.key")
  const pem = join(directory, "c.pem")
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=bench"]
  Bun.spawnSync(["openssl", "req", "-x509", ...ec, "-keyout", key, "-out", pem], { stderr: "ignore" })
  const both = file("both.pem", readFileSync(pem, "utf8") + readFileSync(key, "utf8"))
  const big = file("big", "x".repeat(BIG_SIZE))

  const up = `frontend up
 bind 127.0.0.1:${UPSTREAM_PORT}
 http-request return status 200 content-type text/plain string "${SMALL}" if !{ path /big }
 default_backend big
backend big
 http-request return status 200 content-type text/plain file ${big}
`
  start(1, "haproxy", "-f", file("up.cfg", HAPROXY.replace("defaults", " tune.bufsize 2000000\ndefaults") + up))

  const config = `[capture]
backend = "saved-syn"
[admin]
listen = []
[proxy]
listen = "127.0.0.1:18861"
workers = 1
[proxy.limits]
connections = 20000
[proxy.tls]
listen = "127.0.0.1:18871"
[[proxy.tls.certificates]]
certificate = "${pem}"
key = "${key}"
[[routes]]
upstream = "http://127.0.0.1:${UPSTREAM_PORT}"
`
  const startProxy = (name: string, main: string, port: number): ProxyProgram => {
    const own = mkdtempSync(join(directory, "own-"))
    const tlsPort = port + 10
    writeFileSync(join(own, "proxy.toml"), config.replace("18861", String(port)).replace("18871", String(tlsPort)))
    return { name, port, tlsPort, pid: start(0, process.execPath, main, "proxy", "--config", join(own, "proxy.toml")) }
  }
  const proxy = startProxy("synprint", MAIN, 18_861)
  const otherProxy = otherMain === undefined ? undefined : startProxy("other", otherMain, 18_865)
  const ports = ["18864", "18874", String(UPSTREAM_PORT)]
  const floor = {
    name: "Bun alone",
    port: 18_864,
    tlsPort: 18_874,
    pid: start(0, process.execPath, FLOOR, ...ports, pem, key)
  }

  const others: Array<ProxyProgram> = []
  const set = HEADERS.map(([name, value]) => ` http-request set-header ${name} "${value}"\n`).join("")
  const haproxy = `frontend f
 bind 127.0.0.1:18862
 bind 127.0.0.1:18872 ssl crt ${both}
${set} option forwardfor
 default_backend b
backend b
 http-reuse always
 server s 127.0.0.1:${UPSTREAM_PORT}
`
  const pid = start(0, "haproxy", "-f", file("h.cfg", HAPROXY + haproxy))
  others.push({ name: "haproxy", port: 18_862, tlsPort: 18_872, pid })

  const nginx = process.env["SYNPRINT_TEST_NGINX"] ?? Bun.which("nginx")
  if (nginx === null) console.log("nginx is not installed: left out")
  else {
    const add = HEADERS.map(([name, value]) => `proxy_set_header ${name} "${value}";`).join(" ")
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((kind) => `${kind}_temp_path ${directory}/${kind};`)
      .join(" ")
    // ssl_protocols as in Debian's nginx.conf: without it nginx 1.22 speaks TLS 1.2 alone, whose handshake is shorter than everyone else's.
    const text = `worker_processes 1; daemon off; master_process off; pid ${directory}/n.pid; error_log ${directory}/n.err;
events { worker_connections 4000; }
http { access_log off; keepalive_requests 100000000; ${temporary}
ssl_protocols TLSv1.2 TLSv1.3;
upstream u { server 127.0.0.1:${UPSTREAM_PORT}; keepalive 128; keepalive_requests 100000000; }
server {
 listen 127.0.0.1:18863 backlog=4096; listen 127.0.0.1:18873 ssl; ssl_certificate ${pem}; ssl_certificate_key ${key};
 location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $remote_addr; ${add} }
} }
`
    const words = ["-e", `${directory}/n.err`, "-c", file("n.conf", text)]
    others.push({ name: "nginx", port: 18_863, tlsPort: 18_873, pid: start(0, nginx, ...words) })
  }

  return {
    proxy,
    otherProxy,
    floor,
    others,
    stop: async () => {
      for (const child of children) child.kill("SIGKILL")
      await Promise.all(children.map(({ exited }) => exited))
      rmSync(directory, { recursive: true, force: true })
    }
  }
}
