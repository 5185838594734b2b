/**
 * Connection generator of the end-to-end tests over client.c: N connections at concurrency C from inside a namespace, with socket
 * options set before connect(), and for every request the headers that the echo application received.
 */

export interface Load {
  readonly host: string
  readonly port?: number
  readonly connections?: number
  readonly concurrency?: number
  /** Keep-alive requests on each connection. */
  readonly requests?: number
  readonly firstDelayMs?: number
  readonly gapMs?: number
  /** IP_TTL or IPV6_UNICAST_HOPS. */
  readonly ttl?: number
  readonly mss?: number
  readonly rcvbuf?: number
  readonly headers?: ReadonlyArray<string>
  /** A PROXY protocol version 1 line, sent before the first request. */
  readonly proxy?: string
  readonly source?: string
  readonly timeoutMs?: number
  /** New connections for so long instead of a number of them. */
  readonly durationMs?: number
  /** Least time between two new connections. */
  readonly pauseMs?: number
}

export interface Reply {
  readonly connection: number
  readonly request: number
  /** Client port. */
  readonly port: number
  readonly status: number
  readonly micros: number
  /** Headers as the application received them, names in lower case; several values of a name are joined by ", ". */
  readonly headers: ReadonlyMap<string, string>
}

export interface LoadResult {
  readonly replies: ReadonlyArray<Reply>
  /** One text for each connection that failed. */
  readonly errors: ReadonlyArray<string>
}

const FLAGS = {
  host: "host",
  port: "port",
  connections: "connections",
  concurrency: "concurrency",
  requests: "requests",
  firstDelayMs: "first-delay",
  gapMs: "gap",
  ttl: "ttl",
  mss: "mss",
  rcvbuf: "rcvbuf",
  proxy: "proxy",
  source: "source",
  timeoutMs: "timeout",
  durationMs: "duration",
  pauseMs: "pause"
} as const

/** Runs the load with `program` (compileC("client.c")) after the command words `inside`; resolves when it is over. */
export async function runLoad(program: string, inside: ReadonlyArray<string>, load: Load): Promise<LoadResult> {
  const words = [...inside, program]
  for (const [key, flag] of Object.entries(FLAGS)) {
    const value = load[key as keyof typeof FLAGS]
    if (value !== undefined) words.push(`--${flag}`, String(value))
  }
  for (const header of load.headers ?? []) words.push("--header", header)
  const child = Bun.spawn(words, { stdout: "pipe", stderr: "pipe" })
  const [output, complaint, code] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
    child.exited
  ])
  if (code !== 0) throw new Error(`client: exit ${code}: ${complaint}`)
  return parseOutput(Buffer.from(output.buffer, output.byteOffset, output.byteLength))
}

function parseOutput(output: Buffer): LoadResult {
  const replies: Array<Reply> = []
  const errors: Array<string> = []
  for (let at = 0; at < output.length;) {
    const end = output.indexOf(10, at)
    if (end < 0) throw new Error("client: its output is cut")
    const line = output.toString("latin1", at, end)
    at = end + 1
    if (line.startsWith("R ")) {
      const [connection, request, port, status, micros, length] = line.slice(2).split(" ").map(Number)
      const headers = parseHead(output.toString("latin1", at, at + length!))
      replies.push({
        connection: connection!,
        request: request!,
        port: port!,
        status: status!,
        micros: micros!,
        headers
      })
      at += length! + 1
    } else if (line.startsWith("E ")) errors.push(line.slice(2))
  }
  return { replies, errors }
}

function parseHead(head: string): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of head.split("\r\n").slice(1)) {
    const colon = line.indexOf(":")
    if (colon < 0) continue
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    const before = headers.get(name)
    headers.set(name, before === undefined ? value : `${before}, ${value}`)
  }
  return headers
}
