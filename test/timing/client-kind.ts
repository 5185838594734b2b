/**
 * The kinds of client that the timing tests distinguish: direct ones, near and far, quick and slow, and the same through relays. Every
 * kind makes so many connections with one request each, for `/KIND/NUMBER`.
 */
import { run } from "../lib/process.ts"
import { type FrontEnd, RELAY_PORTS, type Side } from "./front-end.ts"

export interface ClientKind {
  readonly name: string
  /** Milliseconds that a relay holds bytes back each way; 0: direct. */
  readonly holdMs: number
  /** Programs that it needs beside curl and openssl. */
  readonly programs?: ReadonlyArray<string>
  readonly connect: (frontEnd: FrontEnd, count: number) => Promise<void>
}

const NAME = "site.test"
/** Connections at a time: those that wait for a relay or a slow path take little of the machine. */
const PARALLEL = 4
const PARALLEL_WAITING = 8
const BROWSERS = ["chromium-headless-shell", "chromium"]
const BROWSER =
  process.env["SYNPRINT_TEST_BROWSER"] ?? BROWSERS.find((name) => Bun.which(name) !== null) ?? BROWSERS[0]!
/** A browser's first connection comes within seconds, the others in a row. */
const BROWSER_PATIENCE_MS = 120_000

const parallelOf = (kind: string): number => (/^(relay|far)-/.test(kind) ? PARALLEL_WAITING : PARALLEL)

/** Connections by curl; without `--no-sessionid` it resumes its own sessions. */
const curl = async (side: Side, kind: string, count: number, ...words: ReadonlyArray<string>): Promise<void> => {
  const url = `https://${NAME}/${kind}/[0-${count - 1}]`
  const fixed = ["-sk", "--http1.1", "-H", "Connection: close", "--max-time", "60", "-o", "/dev/null"]
  const parallel = ["-Z", "--parallel-max", String(parallelOf(kind)), "--parallel-immediate"]
  const to = ["--connect-to", `${NAME}:443:${side.host}:443`]
  await run([...side.inside, "curl", ...fixed, ...parallel, ...to, ...words, url])
}

/** Connections by openssl s_client, a process each. */
const openssl = async (
  { inside, host }: Side,
  kind: string,
  count: number,
  ...words: ReadonlyArray<string>
): Promise<string> => {
  const request = `GET /${kind}/{} HTTP/1.1\\r\\nHost: ${NAME}\\r\\nConnection: close\\r\\n\\r\\n`
  const client = `openssl s_client -ign_eof -connect ${host}:443 -servername ${NAME} ${words.join(" ")}`
  const each = `printf '${request}' | ${client} 2>/dev/null | grep -aE '^(New|Reused), '`
  return run([...inside, "sh", "-c", `seq 0 ${count - 1} | xargs -P ${parallelOf(kind)} -I{} sh -c "${each}" || true`])
}

/** Connections by openssl that resume the session of an earlier one; fails if a session is not resumed. */
const resumed = async (
  frontEnd: FrontEnd,
  side: Side,
  kind: string,
  count: number,
  ...words: ReadonlyArray<string>
): Promise<void> => {
  const session = `${frontEnd.directory}/${kind}.session`
  await openssl(side, `session-of-${kind}`, 1, ...words, "-sess_out", session)
  const said = await openssl(side, kind, count, ...words, "-sess_in", session)
  const resumptions = said.split("\n").filter((line) => line.startsWith("Reused, ")).length
  if (resumptions < count) throw new Error(`${kind}: ${resumptions} of ${count} sessions were resumed`)
}

const odd = async (
  { inside, host }: Side,
  kind: string,
  count: number,
  idleMs: readonly [number, number],
  slowMs: readonly [number, number]
): Promise<void> => {
  const words = [host, `/${kind}`, count, ...idleMs, ...slowMs].map(String)
  await run([...inside, process.execPath, `${import.meta.dir}/client-process.ts`, ...words])
}

/** A browser that opens one connection after the other: the front end closes each after its response. */
const browser = async (
  frontEnd: FrontEnd,
  { inside, host }: Side,
  kind: string,
  count: number,
  ...words: ReadonlyArray<string>
): Promise<void> => {
  const fixed = [
    "--headless",
    "--no-sandbox",
    "--ignore-certificate-errors",
    "--disable-gpu",
    "--remote-debugging-port=0"
  ]
  const own = [`--user-data-dir=${frontEnd.directory}/${kind}`, `--host-resolver-rules=MAP ${NAME} ${host}`]
  const page = `https://${NAME}/page/${kind}/${count}`
  // A process namespace of its own, so that all processes of the browser end with it.
  const alone = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
  const child = Bun.spawn([...inside, ...alone, BROWSER, ...fixed, ...own, ...words, page], {
    stdio: ["ignore", "ignore", "ignore"]
  })
  const deadline = performance.now() + BROWSER_PATIENCE_MS
  while (frontEnd.received(kind).length < count && performance.now() < deadline) await Bun.sleep(50)
  child.kill("SIGKILL")
  await child.exited
}

/** Runs `body` while other clients take all the time of the front end that they can get. */
const underLoad = async (frontEnd: FrontEnd, kind: string, body: () => Promise<void>): Promise<void> => {
  let isOver = false
  const hammer = async (number: number): Promise<void> => {
    while (!isOver) await curl(frontEnd.near, `load-of-${kind}-${number}`, 50, "--no-sessionid")
  }
  const hammers = [0, 1, 2].map(hammer)
  try {
    await body()
  } finally {
    isOver = true
    await Promise.all(hammers)
  }
}

const proxy = (holdMs: number): ReadonlyArray<string> => [
  "--proxytunnel",
  "-x",
  `http://127.0.0.1:${RELAY_PORTS[holdMs]}`
]
const socks = (holdMs: number): ReadonlyArray<string> => ["-x", `socks5://127.0.0.1:${RELAY_PORTS[holdMs]}`]
const opensslProxy = (holdMs: number): ReadonlyArray<string> => ["-proxy", `127.0.0.1:${RELAY_PORTS[holdMs]}`]

const direct = (name: string, connect: ClientKind["connect"], ...programs: ReadonlyArray<string>): ClientKind => ({
  name,
  holdMs: 0,
  programs,
  connect
})

/** Without TLS: the wait for a request is measured, and says nothing of relays. */
const clear = async ({ inside, host }: Side, kind: string, count: number): Promise<void> => {
  const fixed = ["-s", "-H", "Connection: close", "--max-time", "60", "-o", "/dev/null"]
  await run([...inside, "curl", ...fixed, `http://${host}/${kind}/[0-${count - 1}]`])
}

const DIRECT: ReadonlyArray<ClientKind> = [
  direct("clear-text", (to, count) => clear(to.near, "clear-text", count)),
  direct("curl-1.3", (to, count) => curl(to.near, "curl-1.3", count, "--no-sessionid")),
  direct("curl-1.3-resumed", (to, count) => curl(to.near, "curl-1.3-resumed", count)),
  direct("curl-1.2", (to, count) => curl(to.near, "curl-1.2", count, "--no-sessionid", "--tls-max", "1.2")),
  direct("openssl-1.3", (to, count) => openssl(to.near, "openssl-1.3", count).then(() => {})),
  direct("openssl-1.3-resumed", (to, count) => resumed(to, to.near, "openssl-1.3-resumed", count)),
  direct("openssl-1.2-resumed", (to, count) => resumed(to, to.near, "openssl-1.2-resumed", count, "-tls1_2")),
  direct("far-curl-1.3", (to, count) => curl(to.far, "far-curl-1.3", count, "--no-sessionid")),
  direct("far-curl-1.2", (to, count) => curl(to.far, "far-curl-1.2", count, "--no-sessionid", "--tls-max", "1.2")),
  direct("far-openssl-resumed", (to, count) => resumed(to, to.far, "far-openssl-resumed", count)),
  // Key shares of a group that the front end may not know: HelloRetryRequest, one round trip more.
  direct("far-hello-retry", (to, count) =>
    openssl(to.far, "far-hello-retry", count, "-groups", "P-521:X25519").then(() => {})
  ),
  direct("idle-before-hello", (to, count) => odd(to.near, "idle-before-hello", count, [20, 800], [0, 0])),
  direct("far-idle-before-hello", (to, count) => odd(to.far, "far-idle-before-hello", count, [20, 600], [0, 0])),
  direct("slow", (to, count) => odd(to.near, "slow", count, [0, 0], [5, 30])),
  direct("far-slow", (to, count) => odd(to.far, "far-slow", count, [0, 0], [5, 30])),
  direct("curl-busy-server", (to, count) =>
    underLoad(to, "curl-busy-server", () => curl(to.near, "curl-busy-server", count, "--no-sessionid"))
  ),
  direct("far-busy-server", (to, count) =>
    underLoad(to, "far-busy-server", () => curl(to.far, "far-busy-server", count, "--no-sessionid"))
  ),
  direct("browser", (to, count) => browser(to, to.near, "browser", count), BROWSER),
  direct("far-browser", (to, count) => browser(to, to.far, "far-browser", count), BROWSER)
]

/** Relays that are far from us themselves. */
const FAR_RELAYED: ReadonlyArray<ClientKind> = [50, 100].map((holdMs) => {
  const name = `far-relay-${holdMs}-curl-1.3`
  return { name, holdMs, connect: (to, count) => curl(to.far, name, count, "--no-sessionid", ...proxy(holdMs)) }
})

const RELAYED: ReadonlyArray<ClientKind> = [20, 50, 100].flatMap((holdMs): ReadonlyArray<ClientKind> => {
  const relayed = (what: string, connect: (kind: string) => ClientKind["connect"], ...programs: Array<string>) => {
    const name = `relay-${holdMs}-${what}`
    return { name, holdMs, programs, connect: connect(name) }
  }
  return [
    relayed("curl-1.3", (kind) => (to, n) => curl(to.near, kind, n, "--no-sessionid", ...proxy(holdMs))),
    relayed(
      "curl-1.2-socks",
      (kind) => (to, n) => curl(to.near, kind, n, "--no-sessionid", "--tls-max", "1.2", ...socks(holdMs))
    ),
    relayed("openssl-resumed", (kind) => (to, n) => resumed(to, to.near, kind, n, ...opensslProxy(holdMs))),
    relayed(
      "browser",
      (kind) => (to, n) => browser(to, to.near, kind, n, `--proxy-server=http://127.0.0.1:${RELAY_PORTS[holdMs]}`),
      BROWSER
    )
  ]
})

export const CLIENT_KINDS: ReadonlyArray<ClientKind> = [...DIRECT, ...RELAYED, ...FAR_RELAYED]

/** Programs that a kind needs and that are not installed. */
export const missingPrograms = (kind: ClientKind): ReadonlyArray<string> =>
  ["curl", "openssl", ...(kind.programs ?? [])].filter((program) => Bun.which(program) === null)
