/**
 * Scenarios of p0f mode: frames, and what p0f 3.09b says of them. Core's unit tests compare our log with these lines, test/parity compares
 * those of the installed p0f, so that the lines are p0f's and not ours.
 */
import { ethernet } from "./layers.ts"
import type { CapturePacket } from "./capture-writer.ts"
import { type Layer, type PacketFields, tcp } from "./packets.ts"

/** A database with a line for each case that p0f tells apart; p0f itself can load it. */
export const SCENARIO_DATABASE = `classes = win,unix,other
[mtu]
label = Ethernet
sig = 1500
label = PPPoE
sig = 1492
[tcp:request]
label = s:unix:Linux:5.x
sig = *:64:0:*:64240,7:mss,sok,ts,nop,ws:df,id+:0
sig = *:64:0:*:64240,8:mss,sok,ts,nop,ws:df,id+:0
label = s:unix:Linux:4.x
sig = *:64:0:*:29200,7:mss,sok,ts,nop,ws:df,id+:0
label = g:unix:Unix:
sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
label = s:win:Windows:10
sig = *:128:0:*:64240,8:mss,nop,ws,nop,nop,sok:df,id+:0
sig = *:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0
label = s:win:Windows:7
sig = *:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0
label = s:other:Lottery:
sig = *:64-:0:*:1000,0:mss:df,id+:0
label = s:!:Scanner:fast
sys = @unix
sig = *:64:0:*:1024,0:mss::0
[tcp:response]
label = s:unix:Linux:5.x
sig = *:64:0:*:65160,7:mss,sok,ts,nop,ws:df:0
sig = *:64:0:*:65160,8:mss,sok,ts,nop,ws:df:0
label = s:unix:Linux:4.x
sig = *:64:0:*:28960,7:mss,sok,ts,nop,ws:df:0
label = s:win:Windows:2019
sig = *:128:0:*:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0
label = s:other:Lottery:
sig = *:64-:0:*:1000,0:mss:df:0
label = s:!:Trap:
sys = Linux
sig = *:64:0:*:1024,0:mss:df:0
[http:request]
ua_os = Linux,Windows=[NT ]
label = s:!:Browser:1
sys = @unix,Windows
sig = 1:Host,User-Agent,?Accept-Language,Accept=[text/]:Keep-Alive:Gecko
label = s:!:Crawler:
sys = Windows
sig = *:User-Agent,Host:Accept,Accept-Language:
label = g:!:Anything:
sys = @unix
sig = *:Host,X-Any::
label = s:unix:Linux:phone
sig = *:Host,X-Phone::
label = s:unix:Linux:tablet
sig = *:Host,X-Tablet::
label = g:win:Windows:any
sig = *:Host,X-Desktop::
[http:response]
label = s:!:nginx:1.x
sys = @unix
sig = *:Server,Date:Content-Type:nginx
label = s:!:nginx:2.x
sys = @unix
sig = *:Server,X-Two::
label = s:!:Apache:
sys = @unix,@win
sig = *:Date,Server:X-Two:Apache
label = s:unix:Linux:box
sig = *:Server,X-Box::
`

export interface P0fScenario {
  readonly name: string
  /** p0f's -m FLOWS,HOSTS and -t SECONDS,MINUTES. */
  readonly args?: ReadonlyArray<string>
  /** Kinds of lines that count; all by default. */
  readonly shows?: ReadonlyArray<string>
  readonly frames: ReadonlyArray<CapturePacket>
  /** As `shortLines` gives them. */
  readonly lines: ReadonlyArray<string>
}

const START_SEC = 1_700_000_000

const FRONT = /^\[(\d+)\/(\d\d)\/(\d\d) (\d\d:\d\d:\d\d)\] mod=([^|]*)\|cli=([^|]*)\|srv=([^|]*)\|subj=(cli|srv)\|/

/**
 * Lines of a log with the seconds since the start for the time, addresses without the words around them, and a long run of one letter as
 * `v{200}`; `shows`: those of some kinds only.
 */
export function shortLines(log: string, shows?: ReadonlyArray<string>): ReadonlyArray<string> {
  return log
    .split("\n")
    .slice(0, -1)
    .flatMap((line) => {
      const [front, year, month, day, time, mod, client, server, subject] = FRONT.exec(line) ?? []
      if (front === undefined) return [line]
      if (shows !== undefined && !shows.includes(mod!)) return []
      const sec = Date.parse(`${year}-${month}-${day}T${time}Z`) / 1000 - START_SEC
      const facts = line
        .slice(front.length)
        .replace(/([a-z])\1{19,}/gi, (run, letter: string) => `${letter}{${run.length}}`)
      return [`${sec} ${mod} ${client} ${server} ${subject} ${facts}`]
    })
}

const SERVER = "10.0.0.9"

/** A frame at a number of milliseconds from the start. */
const frame = (ms: number, layer: Layer): CapturePacket => ({
  bytes: ethernet(layer).bytes,
  sec: START_SEC + Math.floor(ms / 1000),
  nsec: (ms - Math.floor(ms / 1000) * 1000) * 1_000_000
})

/** A connection between client 10.0.1.N and the server. */
class Connection {
  readonly #client: string
  readonly #sport: number
  readonly #server: string
  readonly #dport: number

  constructor(client: number | string, sport = 40_000, server = SERVER, dport = 80) {
    this.#client = typeof client === "string" ? client : `10.0.1.${client}`
    this.#sport = sport
    this.#server = server
    this.#dport = dport
  }

  up(ms: number, fields: PacketFields): CapturePacket {
    return frame(
      ms,
      tcp({ src: this.#client, dst: this.#server, sport: this.#sport, dport: this.#dport, seq: 1000, ...fields })
    )
  }

  down(ms: number, fields: PacketFields): CapturePacket {
    return frame(
      ms,
      tcp({ src: this.#server, dst: this.#client, sport: this.#dport, dport: this.#sport, seq: 5000, ...fields })
    )
  }

  syn(ms: number, stack: PacketFields): CapturePacket {
    return this.up(ms, stack)
  }

  synAck(ms: number, stack: PacketFields): CapturePacket {
    return this.down(ms, { flags: "SA", ack: 1001, ...stack })
  }

  /** Payload of the client, `at` bytes behind the SYN. */
  send(ms: number, at: number, payload: string, fields: PacketFields = {}): CapturePacket {
    return this.up(ms, { flags: "A", seq: 1001 + at, ack: 5001, payload, ...fields })
  }

  reply(ms: number, at: number, payload: string, fields: PacketFields = {}): CapturePacket {
    return this.down(ms, { flags: "A", seq: 5001 + at, ack: 1001, payload, ...fields })
  }
}

/** Stacks of the database: what their SYNs look like from the network that they are in. */
const LINUX5 = { ttl: 64, win: 64_240, options: "mss=1460,sok,ts=1000,nop,ws=7" } as const
const LINUX5_SECOND = { ...LINUX5, options: "mss=1460,sok,ts=1000,nop,ws=8" } as const
const LINUX4 = { ...LINUX5, win: 29_200 } as const
const UNIX = { ...LINUX5, win: 5000 } as const
const WINDOWS10 = { ttl: 128, win: 64_240, options: "mss=1460,nop,ws=8,nop,nop,sok" } as const
const WINDOWS10_SECOND = { ...WINDOWS10, win: 65_535 } as const
const WINDOWS7 = { ...WINDOWS10, win: 8192 } as const
const LOTTERY = { ttl: 50, win: 1000, options: "mss=1460" } as const
const SCANNER = { ttl: 60, df: false, win: 1024, options: "mss=1460" } as const
const UNKNOWN = { ttl: 64, win: 5555, options: "mss=1460" } as const
const SENDSYN = { ttl: 192, df: false, win: 1337, options: "mss=1331" } as const

const S_LINUX5 = { ttl: 64, id: 0, win: 65_160, options: "mss=1460,sok,ts=9000:1000,nop,ws=7" } as const
const S_LINUX5_SECOND = { ...S_LINUX5, options: "mss=1460,sok,ts=9000:1000,nop,ws=8" } as const
const S_LINUX4 = { ...S_LINUX5, win: 28_960 } as const
const S_WINDOWS = { ttl: 128, win: 65_535, options: "mss=1460,nop,ws=8,nop,nop,sok" } as const
const S_LOTTERY = { ttl: 50, id: 0, win: 1000, options: "mss=1460" } as const
const S_TRAP = { ttl: 64, id: 0, win: 1024, options: "mss=1460" } as const
const S_UNKNOWN = { ttl: 60, id: 0, win: 5555, options: "mss=1460" } as const

/** SYNs of one client, a second apart, each from the next port. */
const client = (
  n: number,
  from: number,
  ...stacks: ReadonlyArray<PacketFields & { readonly at?: number }>
): ReadonlyArray<CapturePacket> =>
  stacks.map(({ at, ...stack }, i) => new Connection(n, stack.sport ?? 40_000 + i).syn(at ?? from + i * 1000, stack))

/** SYN+ACKs of one server, a second apart, to a client that sent an unknown SYN without options before each. */
const server = (
  n: number,
  from: number,
  ...stacks: ReadonlyArray<PacketFields & { readonly at?: number }>
): ReadonlyArray<CapturePacket> =>
  stacks.flatMap(({ at, ...stack }, i) => {
    const ms = at ?? from + i * 1000
    const to = new Connection(`10.0.2.${100 + i}`, 40_000 + i, `10.0.3.${n}`)
    return [to.syn(ms, { win: 3, options: "" }), to.synAck(ms, stack)]
  })

/** A stack with another MSS and from a port far below: 2 points, one for each. */
const marked = (stack: PacketFields & { readonly options: string }): PacketFields => ({
  ...stack,
  sport: 30_000,
  options: stack.options.replace("mss=1460", "mss=1300")
})
const at = (ms: number, stack: PacketFields): PacketFields & { readonly at: number } => ({ ...stack, at: ms })
const clock = (stack: PacketFields & { readonly options: string }, ticks: number): PacketFields => ({
  ...stack,
  options: stack.options.replace(/ts=\d+/, `ts=${ticks >>> 0}`)
})
const times = <A>(count: number, make: (n: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count }, (_, n) => make(n))
const UNKNOWN128 = { ...UNKNOWN, ttl: 128 }
const windows = (ttl: number): PacketFields & { readonly options: string } => ({ ...WINDOWS10, ttl })

/** A request of HTTP/1.1 with these header lines. */
const get = (...headers: ReadonlyArray<string>): string => ["GET / HTTP/1.1", ...headers, "", ""].join("\r\n")
const served = (...headers: ReadonlyArray<string>): string => ["HTTP/1.1 200 OK", ...headers, "", ""].join("\r\n")
const GET = get("Host: a")
const OK = served("Server: x", "Content-Type: b")

/** A connection with a request, and with a response to it; both in pieces if they are lists. */
function exchange(
  n: number,
  ms: number,
  stack: PacketFields,
  request: string | ReadonlyArray<string>,
  response: string | ReadonlyArray<string> = [],
  server = `${SERVER}:80`
): ReadonlyArray<CapturePacket> {
  const [to = "", port] = server.split(":")
  const on = new Connection(n, stack.sport ?? 40_000, to, Number(port))
  const frames = [on.syn(ms, stack), on.synAck(ms + 10, S_UNKNOWN)]
  let sent = 0
  for (const piece of [request].flat()) {
    frames.push(on.send(ms + 20, sent, piece))
    sent += piece.length
  }
  let replied = 0
  for (const piece of [response].flat()) {
    frames.push(on.reply(ms + 30, replied, piece))
    replied += piece.length
  }
  return frames
}

const UA_LINUX = "Gecko Linux"
const UA_NT = "Gecko NT 6"
const UA_OTHER = "Gecko NT6 linux"
const UA_NT_VIA = "Gecko NT 6\r\nVia: 1.1 proxy"
const UA_NT_FORWARDED = "Gecko NT 6\r\nX-Forwarded-For: b"
const browser = (agent: string): string => get("Host: a", `User-Agent: ${agent}`, "Accept: text/html")
const CRAWL = get("User-Agent: Bot", "Host: a")
const ANY = get("Host: a", "X-Any: 1")
const NGINX1 = served("Server: nginx/1", "Date: x")
const NGINX2 = served("Server: nginx/1", "X-Two: 2")
const APACHE = served("Date: x", "Server: Apache")
const NOBODY = OK
const BOX = served("Server: box", "X-Box: 1")

const REQUESTS: ReadonlyArray<string | ReadonlyArray<string>> = [
  // The request line.
  "GET / HTTP/1.0\n\n",
  "HEAD /index HTTP/1.1\r\n\r\n",
  "GET / HTTP/1.9\r\n\r\n",
  "GET / HTTP/2.0\r\n\r\n",
  "GET / HTTP/1.1 \r\n\r\n",
  "POST / HTTP/1.1\r\n\r\n",
  "GET http://a/ HTTP/1.1\r\n\r\n",
  "GET /\u0001 HTTP/1.1\r\n\r\n",
  "GET /\u007f HTTP/1.1\r\n\r\n",
  "GET /\u0080 HTTP/1.1\r\n\r\n",
  "GET /\r HTTP/1.1\r\n\r\n",
  "GET /HTTP/1.1\n\r\n",
  "GET /HTTP/1.1\r\n\r\n",
  // 1,023 bytes in front of the LF, and 1,024.
  `GET /${"p".repeat(1008)} HTTP/1.1\n\n`,
  `GET /${"p".repeat(1009)} HTTP/1.1\n\n`,
  // In pieces: less than 15 bytes, within the first line, within a name, behind the colon, within the end.
  ["GET / HTTP/1.", "1\r\nHost: a\r\n\r\n"],
  ["GET /index.html", " HTTP/1.1\r\nHo", "st:", " a\r", "\n\r", "\n"],
  ["POST /index.htm", "l HTTP/1.1\r\n\r\n"],
  // Header lines.
  get(
    "Host: a",
    "User-Agent: b",
    "X-Unknown_9: v",
    "Cookie: c",
    "Accept: d|e]f",
    "X-Empty:",
    "X-Blank: ",
    "X-Tab:\tg",
    "X-Two:  h"
  ),
  get(
    "Host: a",
    `X-A: ${"v".repeat(201)}`,
    `Accept: ${"w".repeat(200)}`,
    "Connection: \u0001",
    "X-Pipe: a|b",
    "X-High: a\u0080",
    "X-Nul: a\u0000b"
  ),
  get("Host: a", "no colon"),
  get("Host: a", ": b"),
  get("Host: a", "Bad Name: b"),
  get("Host: a", `${"N".repeat(32)}: b`),
  get("Host: a", `${"N".repeat(33)}: b`),
  get("Host: a", `X-A: ${"v".repeat(1023)}`),
  get("Host: a", `X-A: ${"v".repeat(1024)}`),
  get(...times(32, (n) => `X-${n}: a`)),
  get(...times(33, (n) => `X-${n}: a`)),
  // 8,192 bytes, and one more.
  [get(...times(8, (n) => `X-${n}: ${"v".repeat(1000)}`), `X: ${"v".repeat(8192 - 8 * 1007 - 23)}`)].flatMap(pieces),
  [get(...times(8, (n) => `X-${n}: ${"v".repeat(1000)}`), `X: ${"v".repeat(8192 - 8 * 1007 - 22)}`)].flatMap(pieces),
  // Matching.
  browser("Gecko"),
  browser("other"),
  "GET / HTTP/1.0\r\nHost: a\r\nUser-Agent: Gecko\r\nAccept: text/html\r\n\r\n",
  get("Host: a", "User-Agent: Gecko", "Accept-Language: de", "Accept: text/html"),
  get("Host: a", "User-Agent: Gecko", "Accept: text/html", "Accept-Language: en-US"),
  get("Host: a", "User-Agent: Gecko", "Accept: image/png"),
  get("Host: a", "User-Agent: Gecko", "Accept:"),
  get("Host: a", "User-Agent: Gecko", "Accept: text/html", "Keep-Alive: 1"),
  get("Host: a", "X-More: 1", "User-Agent: Gecko", "Accept: a text/ b"),
  get("User-Agent: Gecko", "Host: a", "Accept: text/html"),
  get("User-Agent: Bot", "Host: a"),
  ANY,
  get("Host: a", "X-Any: 1", "User-Agent: a", "User-Agent: last"),
  get("Host: a", "X-Any: 1", "User-Agent: a", "User-Agent:"),
  get("User-Agent: a|b]c"),
  get("host: a", "X-Any: 1"),
  // Languages.
  ...["de", "en-US", "d", "xx", "DE", "deu", "1e", "e1", "d;q=1", "zu", "", "en, de"].map((language) =>
    get("Host: a", `Accept-Language: ${language}`)
  ),
  get("Host: a", "Accept-Language: de", "Accept-Language: fr"),
  get("Host: a", "Accept-Language: de", "Accept-Language:"),
  get("Host: a", "Via:", "X-Forwarded-For: "),
  get("Host: a", "Via: 1.1 a"),
  get("Host: a", "X-Forwarded-For: b")
]

const RESPONSES: ReadonlyArray<string | ReadonlyArray<string>> = [
  "HTTP/1.0 200 O\n\n",
  "HTTP/1.1 200\n\n",
  "HTTP/1.1 200\r\n\r\n",
  "HTTP/1.9 200 OK\r\nServer: b\r\n\r\n",
  "HTTP/2.0 200 OK\r\n\r\n",
  "SSH-2.0-OpenSSH\r\n\r\n",
  "HTTP/1.1 200 \u0001\r\n\r\n",
  `HTTP/1.1 200 ${"r".repeat(1010)}\n\n`,
  `HTTP/1.1 200 ${"r".repeat(1011)}\n\n`,
  ["HTTP/1.1 200", " OK\r\nServer: b\r\n\r\n"],
  ["HTTP/1.1 200 OK", "\r\nServer: b\r\n\r\n"],
  // p0f loses the line that a later packet begins with.
  ["HTTP/1.1 200 OK\r\nServer: b\r\n", "Date: c\r\nX-A: d\r\n\r\n"],
  ["HTTP/1.1 200 OK\r\nServer: b\r\nDa", "te: c\r\nX-A: d\r\n\r\n"],
  [`HTTP/1.1 200 OK\r\nX-Long: ${"v".repeat(990)}\r\n`, "Date: c\r\nX-A: d\r\n\r\n"],
  [`HTTP/1.1 200 OK\r\nX-Long: ${"v".repeat(1010)}\r\n`, "XDate: c\r\nX-A: d\r\n\r\n"],
  served("Server: a|b", "Date: c", "Content-Type: d", "Set-Cookie: e", "X-A: f", "Via: g", "Accept-Ranges: h"),
  served("Server: a", "Server: last", "Accept-Language: de", "User-Agent: b"),
  served("Server: nginx/1", "Date: x"),
  served("Server: other", "Date: x"),
  served("Date: x"),
  served("Server: nginx/1", "Date: x", "Content-Type: y"),
  served("Date: x", "Server: Apache", "X-Box: 1"),
  BOX,
  // After the head nothing counts.
  [served("Server: a"), served("Server: b")]
]

/** A text in pieces of 1,400 bytes. */
function pieces(text: string): ReadonlyArray<string> {
  return times(Math.ceil(text.length / 1400), (n) => text.slice(n * 1400, (n + 1) * 1400))
}

const NAT_LINES = ["host change", "ip sharing"]

export const P0F_SCENARIOS: ReadonlyArray<P0fScenario> = [
  {
    name: "what a SYN is known by",
    frames: [
      new Connection(1).syn(0, LINUX5),
      new Connection(2).syn(100, { ...LINUX5_SECOND, ttl: 53, tos: 0xb8 }),
      new Connection(3).syn(200, UNIX),
      new Connection(4).syn(300, { ...LINUX5, tos: 1 }),
      new Connection(5).syn(400, { ...LINUX4, ttl: 20 }),
      new Connection(6).syn(500, LOTTERY),
      new Connection(7).syn(600, { ...UNKNOWN, ttl: 70, options: "mss=1452,?99=01,eol+2" }),
      new Connection(8).syn(700, SCANNER),
      new Connection("2001:db8::a", 65_535, "2001:db8:1:2:3:4:5:6", 443).syn(800, { ...WINDOWS10, payload: "x" }),
      new Connection(9).syn(900, { ...UNKNOWN, options: "" }),
      new Connection(10).syn(1000, SENDSYN)
    ],
    lines: [
      "0 syn 10.0.1.1/40000 10.0.0.9/80 cli os=Linux 5.x|dist=0|params=none|raw_sig=4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0",
      "0 mtu 10.0.1.1/40000 10.0.0.9/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn 10.0.1.2/40000 10.0.0.9/80 cli os=Linux 5.x|dist=11|params=tos:0x2e|raw_sig=4:53+11:0:1460:mss*44,8:mss,sok,ts,nop,ws:df,id+:0",
      "0 mtu 10.0.1.2/40000 10.0.0.9/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn 10.0.1.3/40000 10.0.0.9/80 cli os=Unix|dist=0|params=generic|raw_sig=4:64+0:0:1460:5000,7:mss,sok,ts,nop,ws:df,id+:0",
      "0 mtu 10.0.1.3/40000 10.0.0.9/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn 10.0.1.4/40000 10.0.0.9/80 cli os=Linux 5.x|dist=0|params=fuzzy|raw_sig=4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+,ecn:0",
      "0 mtu 10.0.1.4/40000 10.0.0.9/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn 10.0.1.5/40000 10.0.0.9/80 cli os=Linux 4.x|dist=12|params=fuzzy|raw_sig=4:20+12:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0",
      "0 mtu 10.0.1.5/40000 10.0.0.9/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn 10.0.1.6/40000 10.0.0.9/80 cli os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df,id+:0",
      "0 mtu 10.0.1.6/40000 10.0.0.9/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn 10.0.1.7/40000 10.0.0.9/80 cli os=???|dist=58|params=excess_dist|raw_sig=4:70+?:0:1452:5555,0:mss,?99,eol+4:df,id+:0",
      "0 mtu 10.0.1.7/40000 10.0.0.9/80 cli link=PPPoE|raw_mtu=1492",
      "0 syn 10.0.1.8/40000 10.0.0.9/80 cli app=Scanner fast|dist=4|params=none|raw_sig=4:60+4:0:1460:1024,0:mss::0",
      "0 syn 2001:db8:0:0:0:0:0:a/65535 2001:db8:1:2:3:4:5:6/443 cli os=???|dist=0|params=none|raw_sig=6:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok::+",
      "0 mtu 2001:db8:0:0:0:0:0:a/65535 2001:db8:1:2:3:4:5:6/443 cli link=???|raw_mtu=1520",
      "0 syn 10.0.1.9/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:0:5555,0::df,id+:0",
      "1 sendsyn probe 10.0.1.10/40000 10.0.0.9/80 cli os=???|dist=63|params=excess_dist|raw_sig=4:192+?:0:1331:1337,0:mss::0"
    ]
  },
  {
    name: "what a SYN+ACK is known by",
    frames: [S_LINUX5, { ...S_LINUX4, ttl: 20, tos: 3 }, S_WINDOWS, S_LOTTERY, S_TRAP, S_UNKNOWN].flatMap(
      (stack, n) => {
        const to = new Connection(n + 1, 40_000 + n, `10.0.3.${n + 1}`)
        return [to.syn(n * 100, LINUX5), to.synAck(n * 100 + 50, stack)]
      }
    ),
    shows: ["syn+ack", "mtu"],
    lines: [
      "0 mtu 10.0.1.1/40000 10.0.3.1/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn+ack 10.0.1.1/40000 10.0.3.1/80 srv os=Linux 5.x|dist=0|params=none|raw_sig=4:64+0:0:1460:mss*45,7:mss,sok,ts,nop,ws:df:0",
      "0 mtu 10.0.1.1/40000 10.0.3.1/80 srv link=Ethernet|raw_mtu=1500",
      "0 mtu 10.0.1.2/40001 10.0.3.2/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn+ack 10.0.1.2/40001 10.0.3.2/80 srv os=Linux 4.x|dist=12|params=fuzzy|raw_sig=4:20+12:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,ecn:0",
      "0 mtu 10.0.1.2/40001 10.0.3.2/80 srv link=Ethernet|raw_mtu=1500",
      "0 mtu 10.0.1.3/40002 10.0.3.3/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn+ack 10.0.1.3/40002 10.0.3.3/80 srv os=Windows 2019|dist=0|params=none|raw_sig=4:128+0:0:1460:65535,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "0 mtu 10.0.1.3/40002 10.0.3.3/80 srv link=Ethernet|raw_mtu=1500",
      "0 mtu 10.0.1.4/40003 10.0.3.4/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn+ack 10.0.1.4/40003 10.0.3.4/80 srv os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df:0",
      "0 mtu 10.0.1.4/40003 10.0.3.4/80 srv link=Ethernet|raw_mtu=1500",
      "0 mtu 10.0.1.5/40004 10.0.3.5/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn+ack 10.0.1.5/40004 10.0.3.5/80 srv app=Trap|dist=0|params=none|raw_sig=4:64+0:0:1460:1024,0:mss:df:0",
      "0 mtu 10.0.1.6/40005 10.0.3.6/80 cli link=Ethernet|raw_mtu=1500",
      "0 syn+ack 10.0.1.6/40005 10.0.3.6/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "0 mtu 10.0.1.6/40005 10.0.3.6/80 srv link=Ethernet|raw_mtu=1500"
    ]
  },
  {
    name: "a probe of p0f-sendsyn and its answer",
    frames: [
      new Connection(1).syn(0, SENDSYN),
      new Connection(1).synAck(10, { ...S_UNKNOWN, options: "mss=1331" }),
      new Connection(1).synAck(20, S_UNKNOWN),
      new Connection(2).syn(30, SENDSYN),
      // An ACK ends its flow.
      new Connection(2).send(40, 0, ""),
      new Connection(2).synAck(50, S_UNKNOWN),
      new Connection(3).syn(60, { ...SENDSYN, win: 1336 }),
      new Connection(4).syn(70, { ...SENDSYN, options: "mss=1330" }),
      // From the client's side too.
      new Connection(5).syn(80, SENDSYN),
      new Connection(5).up(90, { ...S_UNKNOWN, flags: "SA", ack: 5001 })
    ],
    lines: [
      "0 sendsyn probe 10.0.1.1/40000 10.0.0.9/80 cli os=???|dist=63|params=excess_dist|raw_sig=4:192+?:0:1331:1337,0:mss::0",
      "0 sendsyn response 10.0.1.1/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:*:5555,0:mss:df:0",
      "0 sendsyn probe 10.0.1.2/40000 10.0.0.9/80 cli os=???|dist=63|params=excess_dist|raw_sig=4:192+?:0:1331:1337,0:mss::0",
      "0 syn 10.0.1.3/40000 10.0.0.9/80 cli os=???|dist=63|params=excess_dist|raw_sig=4:192+?:0:1331:1336,0:mss::0",
      "0 mtu 10.0.1.3/40000 10.0.0.9/80 cli link=???|raw_mtu=1371",
      "0 syn 10.0.1.4/40000 10.0.0.9/80 cli os=???|dist=63|params=excess_dist|raw_sig=4:192+?:0:1330:1337,0:mss::0",
      "0 mtu 10.0.1.4/40000 10.0.0.9/80 cli link=???|raw_mtu=1370",
      "0 sendsyn probe 10.0.1.5/40000 10.0.0.9/80 cli os=???|dist=63|params=excess_dist|raw_sig=4:192+?:0:1331:1337,0:mss::0",
      "0 sendsyn response 10.0.1.5/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0"
    ]
  },
  {
    name: "what changes between two SYNs of one client",
    shows: NAT_LINES,
    frames: [
      client(1, 0, UNKNOWN, { ...UNKNOWN, flags: "SP" }),
      client(
        2,
        10_000,
        UNKNOWN,
        { ...UNKNOWN, options: "mss=1460,nop,nop,sok" },
        marked({ ...UNKNOWN, options: "mss=1460,nop,nop,sok" })
      ),
      client(3, 20_000, UNKNOWN128, WINDOWS10),
      client(4, 30_000, WINDOWS10, LOTTERY),
      client(5, 40_000, WINDOWS10, WINDOWS7),
      client(6, 50_000, WINDOWS10, WINDOWS10_SECOND, marked(WINDOWS10_SECOND)),
      client(7, 60_000, WINDOWS10, { ...WINDOWS10, df: false }, marked({ ...WINDOWS10, df: false })),
      client(8, 70_000, WINDOWS10, UNKNOWN128, LINUX5),
      client(9, 80_000, WINDOWS10, WINDOWS10, marked(WINDOWS10)),
      // Ports: 63 below, then 64 below and another MSS.
      client(
        10,
        90_000,
        WINDOWS10,
        { ...WINDOWS10, sport: 39_937 },
        { ...WINDOWS10, sport: 39_873, options: "mss=1300,nop,ws=8,nop,nop,sok" }
      ),
      client(11, 100_000, { ...UNKNOWN, df: false }, { ...UNKNOWN, tos: 1 }, { ...UNKNOWN, id: 0 }, marked(UNKNOWN)),
      client(
        12,
        110_000,
        UNKNOWN,
        { ...UNKNOWN, options: "mss=1400" },
        { ...UNKNOWN, options: "mss=1300", sport: 100 }
      ),
      client(13, 120_000, WINDOWS10, UNKNOWN128, LOTTERY, UNKNOWN)
    ].flat(),
    lines: [
      "1 host change 10.0.1.1/40001 10.0.0.9/80 cli reason=sig_diff|raw_hits=0,0,1,1",
      "12 host change 10.0.1.2/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "21 host change 10.0.1.3/40001 10.0.0.9/80 cli reason=sig_diff x_known|raw_hits=0,0,1,1",
      "31 host change 10.0.1.4/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "41 host change 10.0.1.5/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "52 host change 10.0.1.6/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "62 host change 10.0.1.7/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "71 host change 10.0.1.8/40001 10.0.0.9/80 cli reason=sig_diff x_known|raw_hits=0,0,1,1",
      "72 host change 10.0.1.8/40002 10.0.0.9/80 cli reason=os_diff sig_diff x_known|raw_hits=1,1,2,2",
      "82 host change 10.0.1.9/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,1",
      "92 host change 10.0.1.10/39873 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,1",
      "103 host change 10.0.1.11/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,1",
      "112 host change 10.0.1.12/100 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "121 host change 10.0.1.13/40001 10.0.0.9/80 cli reason=sig_diff x_known|raw_hits=0,0,1,1",
      "122 host change 10.0.1.13/40002 10.0.0.9/80 cli reason=os_diff x_known|raw_hits=1,1,2,2"
    ]
  },
  {
    name: "another distance",
    shows: NAT_LINES,
    frames: [
      [127, 126],
      [123, 122],
      [122, 123],
      [117, 119],
      [121, 118],
      [121, 119],
      [117, 118],
      [116, 118],
      [115, 118],
      [123, 119],
      [122, 119],
      [119, 122],
      [118, 120]
    ]
      .map(([before, after], n) =>
        client(n + 1, n * 10_000, windows(before!), windows(after!), marked(windows(after!)))
      )
      .concat([
        client(20, 200_000, LOTTERY, { ...LOTTERY, ttl: 45 }, marked({ ...LOTTERY, ttl: 45 })),
        client(21, 210_000, { ...LOTTERY, ttl: 60 }, UNKNOWN, marked(UNKNOWN)),
        client(22, 220_000, UNKNOWN, { ...LOTTERY, ttl: 60 }, marked({ ...LOTTERY, ttl: 60 }))
      ])
      .flat(),
    lines: [
      "1 host change 10.0.1.1/40001 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "2 host change 10.0.1.1/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,1,2,2",
      "12 host change 10.0.1.2/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "21 host change 10.0.1.3/40001 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "22 host change 10.0.1.3/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,1,2,2",
      "32 host change 10.0.1.4/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "42 host change 10.0.1.5/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,1",
      "52 host change 10.0.1.6/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "62 host change 10.0.1.7/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,1",
      "72 host change 10.0.1.8/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "81 host change 10.0.1.9/40001 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "82 host change 10.0.1.9/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,1,2,2",
      "91 host change 10.0.1.10/40001 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "92 host change 10.0.1.10/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,1,2,2",
      "101 host change 10.0.1.11/40001 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "102 host change 10.0.1.11/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,1,2,2",
      "111 host change 10.0.1.12/40001 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "112 host change 10.0.1.12/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,1,2,2",
      "122 host change 10.0.1.13/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "202 host change 10.0.1.20/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,1",
      "212 host change 10.0.1.21/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2",
      "222 host change 10.0.1.22/30000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,2"
    ]
  },
  {
    name: "a clock of timestamps that goes on or not",
    args: ["-t", "30,500000"],
    shows: NAT_LINES,
    frames: [
      [1000, 1500],
      [1000, 1501],
      [1000, -1],
      [99, 150],
      [99, 151],
      [99, -151],
      [99, -152],
      [100, -152],
      [100, 150],
      [-1, 0],
      [86_399_999, 5],
      [86_400_000, 5],
      [1000, -1000]
    ].flatMap(([ms, ticks], n) =>
      client(n + 1, 0, at(n * 100_000, LINUX5), at(n * 100_000 + ms!, clock(LINUX4, 1000 + ticks!)))
    ),
    lines: [
      "101 host change 10.0.1.2/40001 10.0.0.9/80 cli reason=os_diff tstamp|raw_hits=1,1,1,1",
      "201 host change 10.0.1.3/40001 10.0.0.9/80 cli reason=os_diff tstamp|raw_hits=1,1,1,1",
      "400 host change 10.0.1.5/40001 10.0.0.9/80 cli reason=os_diff tstamp|raw_hits=1,1,1,1",
      "600 host change 10.0.1.7/40001 10.0.0.9/80 cli reason=os_diff tstamp|raw_hits=1,1,1,1",
      "700 host change 10.0.1.8/40001 10.0.0.9/80 cli reason=os_diff tstamp|raw_hits=1,1,1,1",
      "899 host change 10.0.1.10/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "87500 host change 10.0.1.12/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "1201 host change 10.0.1.13/40001 10.0.0.9/80 cli reason=sig_diff x_known|raw_hits=0,1,1,1"
    ]
  },
  {
    name: "scores that come together",
    shows: NAT_LINES,
    frames: [
      client(1, 0, ...times(5, (n) => (n % 2 === 0 ? WINDOWS10 : LOTTERY))),
      client(2, 10_000, ...times(7, (n) => windows(127 - (n % 2)))),
      client(3, 20_000, ...times(9, (n) => (n % 2 === 0 ? WINDOWS10 : WINDOWS7))),
      client(4, 30_000, ...times(11, (n) => (n % 2 === 0 ? WINDOWS10 : WINDOWS10_SECOND))),
      client(5, 50_000, WINDOWS10, ...times(31, () => WINDOWS7), WINDOWS10),
      client(6, 90_000, WINDOWS10, ...times(32, () => WINDOWS7), WINDOWS10),
      // Reasons of all scores that came together.
      client(7, 130_000, WINDOWS10, LOTTERY, { ...UNKNOWN, ttl: 50 }, LINUX5, WINDOWS10, WINDOWS7)
    ].flat(),
    lines: [
      "1 host change 10.0.1.1/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "2 host change 10.0.1.1/40002 10.0.0.9/80 cli reason=os_diff|raw_hits=2,2,2,2",
      "3 ip sharing 10.0.1.1/40003 10.0.0.9/80 cli reason=os_diff|raw_hits=3,3,3,3",
      "4 host change 10.0.1.1/40004 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "11 host change 10.0.1.2/40001 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "12 host change 10.0.1.2/40002 10.0.0.9/80 cli reason=ttl|raw_hits=0,2,2,2",
      "13 host change 10.0.1.2/40003 10.0.0.9/80 cli reason=ttl|raw_hits=0,3,3,3",
      "14 host change 10.0.1.2/40004 10.0.0.9/80 cli reason=ttl|raw_hits=0,4,4,4",
      "15 ip sharing 10.0.1.2/40005 10.0.0.9/80 cli reason=ttl|raw_hits=0,5,5,5",
      "16 host change 10.0.1.2/40006 10.0.0.9/80 cli reason=ttl|raw_hits=0,1,1,1",
      "21 host change 10.0.1.3/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "22 host change 10.0.1.3/40002 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,2,2",
      "23 host change 10.0.1.3/40003 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,3,3",
      "24 host change 10.0.1.3/40004 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,4,4",
      "25 host change 10.0.1.3/40005 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,5,5",
      "26 host change 10.0.1.3/40006 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,6,6",
      "27 ip sharing 10.0.1.3/40007 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,7,7",
      "28 host change 10.0.1.3/40008 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "39 ip sharing 10.0.1.4/40009 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,0,9",
      "51 host change 10.0.1.5/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "82 host change 10.0.1.5/40032 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,2,2",
      "91 host change 10.0.1.6/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "123 host change 10.0.1.6/40033 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "131 host change 10.0.1.7/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "133 host change 10.0.1.7/40003 10.0.0.9/80 cli reason=os_diff sig_diff x_known|raw_hits=2,2,2,3",
      "134 ip sharing 10.0.1.7/40004 10.0.0.9/80 cli reason=os_diff sig_diff x_known|raw_hits=3,3,3,4",
      "135 host change 10.0.1.7/40005 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1"
    ]
  },
  {
    name: "what changes between two SYN+ACKs of one server",
    shows: NAT_LINES,
    frames: [
      server(1, 0, S_UNKNOWN, { ...S_UNKNOWN, flags: "SAP" }),
      server(
        2,
        10_000,
        S_UNKNOWN,
        { ...S_UNKNOWN, options: "mss=1460,nop,nop,sok" },
        { ...S_UNKNOWN, ttl: 59, options: "mss=1460,nop,nop,sok" }
      ),
      server(3, 20_000, S_UNKNOWN, { ...S_LINUX5, ttl: 60 }, { ...S_LINUX5, ttl: 59 }),
      server(4, 30_000, S_WINDOWS, S_LOTTERY),
      server(5, 40_000, S_LINUX5, S_LINUX4, S_LINUX5_SECOND),
      server(6, 50_000, S_WINDOWS, { ...S_UNKNOWN, ttl: 128 }, S_LINUX5),
      server(
        7,
        60_000,
        S_WINDOWS,
        { ...S_WINDOWS, ttl: 127, tos: 1 },
        { ...S_WINDOWS, ttl: 126, options: "mss=1400,nop,ws=8,nop,nop,sok" }
      ),
      server(8, 70_000, S_LOTTERY, { ...S_LOTTERY, ttl: 40 }, { ...S_LOTTERY, options: "mss=1400" }),
      server(
        9,
        80_000,
        { ...S_LINUX5, ttl: 63 },
        clock(S_LINUX5, 10_000),
        clock({ ...S_LINUX5, ttl: 60 }, 12_000),
        clock({ ...S_LINUX5, ttl: 62 }, 9000)
      ),
      server(10, 90_000, ...times(7, (n) => ({ ...S_WINDOWS, ttl: 127 - (n % 2) }))),
      server(11, 110_000, S_UNKNOWN, { ...S_UNKNOWN, ttl: 61, tos: 2 }, { ...S_UNKNOWN, ttl: 61, df: false, id: 7 }),
      server(12, 120_000, ...times(11, (n) => ({ ...S_WINDOWS, options: `mss=${1300 + n},nop,ws=8,nop,nop,sok` })))
    ].flat(),
    lines: [
      "1 host change 10.0.2.101/40001 10.0.3.1/80 srv reason=sig_diff|raw_hits=0,0,1,1",
      "12 host change 10.0.2.102/40002 10.0.3.2/80 srv reason=ttl|raw_hits=0,1,1,1",
      "22 host change 10.0.2.102/40002 10.0.3.3/80 srv reason=ttl|raw_hits=0,0,1,1",
      "31 host change 10.0.2.101/40001 10.0.3.4/80 srv reason=os_diff|raw_hits=1,1,1,1",
      "52 host change 10.0.2.102/40002 10.0.3.6/80 srv reason=os_diff|raw_hits=1,1,1,1",
      "61 host change 10.0.2.101/40001 10.0.3.7/80 srv reason=ttl|raw_hits=0,1,1,1",
      "62 host change 10.0.2.102/40002 10.0.3.7/80 srv reason=ttl mtu|raw_hits=0,2,2,2",
      "81 host change 10.0.2.101/40001 10.0.3.9/80 srv reason=ttl|raw_hits=0,0,1,1",
      "82 host change 10.0.2.102/40002 10.0.3.9/80 srv reason=tstamp ttl|raw_hits=1,1,2,2",
      "83 host change 10.0.2.103/40003 10.0.3.9/80 srv reason=tstamp ttl|raw_hits=2,2,3,3",
      "91 host change 10.0.2.101/40001 10.0.3.10/80 srv reason=ttl|raw_hits=0,1,1,1",
      "92 host change 10.0.2.102/40002 10.0.3.10/80 srv reason=ttl|raw_hits=0,2,2,2",
      "93 host change 10.0.2.103/40003 10.0.3.10/80 srv reason=ttl|raw_hits=0,3,3,3",
      "94 host change 10.0.2.104/40004 10.0.3.10/80 srv reason=ttl|raw_hits=0,4,4,4",
      "95 ip sharing 10.0.2.105/40005 10.0.3.10/80 srv reason=ttl|raw_hits=0,5,5,5",
      "96 host change 10.0.2.106/40006 10.0.3.10/80 srv reason=ttl|raw_hits=0,1,1,1",
      "111 host change 10.0.2.101/40001 10.0.3.11/80 srv reason=ttl|raw_hits=0,1,1,1",
      "129 ip sharing 10.0.2.109/40009 10.0.3.12/80 srv reason=mtu|raw_hits=0,0,0,9"
    ]
  },
  {
    name: "a host that is client and server, and tools on it",
    shows: NAT_LINES,
    frames: [
      // Linux as a client, Windows as a server, and the other way round.
      client(1, 0, LINUX5),
      server(1, 1000, S_WINDOWS),
      new Connection("10.0.3.2").syn(10_000, LINUX5),
      server(2, 11_000, S_WINDOWS),
      server(3, 20_000, S_LINUX5),
      new Connection("10.0.3.3", 30_000).syn(21_000, WINDOWS10),
      // The port of the server's client counts as its own.
      server(4, 30_000, S_WINDOWS),
      new Connection("10.0.3.4", 50_000).syn(31_000, WINDOWS10),
      server(4, 32_000, S_WINDOWS),
      new Connection("10.0.3.4", 39_000).syn(33_000, { ...WINDOWS10, options: "mss=1300,nop,ws=8,nop,nop,sok" }),
      // Tools.
      client(5, 40_000, LINUX5, SCANNER, SCANNER),
      client(6, 50_000, WINDOWS10, SCANNER, SCANNER),
      client(7, 60_000, SCANNER, SCANNER),
      server(8, 70_000, S_LINUX5, S_TRAP, S_TRAP),
      server(9, 80_000, S_WINDOWS, S_TRAP, { ...S_TRAP, ttl: 50 }),
      server(10, 90_000, S_TRAP),
      // One of them Linux by its SYN, the next one unknown: no system has changed.
      server(11, 100_000, S_UNKNOWN),
      new Connection("10.0.3.11").syn(101_000, LINUX5),
      server(11, 102_000, S_LINUX5)
    ].flat(),
    lines: [
      "11 host change 10.0.2.100/40000 10.0.3.2/80 srv reason=os_diff|raw_hits=1,1,1,1",
      "21 host change 10.0.3.3/30000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "33 host change 10.0.3.4/39000 10.0.0.9/80 cli reason=port mtu|raw_hits=0,0,1,1",
      "51 host change 10.0.1.6/40001 10.0.0.9/80 cli reason=app_vs_os|raw_hits=0,1,1,1",
      "52 host change 10.0.1.6/40002 10.0.0.9/80 cli reason=app_vs_os|raw_hits=0,2,2,2",
      "81 host change 10.0.2.101/40001 10.0.3.9/80 srv reason=app_vs_os|raw_hits=0,1,1,1",
      "82 host change 10.0.2.102/40002 10.0.3.9/80 srv reason=app_vs_os|raw_hits=0,2,2,2"
    ]
  },
  {
    name: "uptimes",
    args: ["-t", "10000,10000"],
    shows: ["uptime"],
    frames: [
      // Two SYNs; the ACK of the second flow, which knows its rate, says nothing more.
      [
        new Connection(1).syn(0, clock(LINUX5, 5_000_000)),
        new Connection(1, 40_001).syn(1000, clock(LINUX5, 5_001_000)),
        new Connection(1, 40_001).synAck(1010, S_UNKNOWN),
        new Connection(1, 40_001).send(1200, 0, "", { options: "ts=5001200" }),
        // The SYN+ACK of the first flow does, as that flow knows none; the other end of the interval is the last SYN.
        new Connection(1).synAck(1210, S_UNKNOWN),
        new Connection(1).send(2000, 0, "", { options: "ts=5001250" })
      ],
      ...[
        [24, 24],
        [25, 25],
        [600_000, 60_000],
        [600_001, 60_000],
        [1000, 4],
        [1000, 5],
        [99, -14_999],
        [99, -15_000],
        [100, -10],
        [7142, 5],
        [7143, 5],
        [1000, 1500],
        [1000, 1501],
        [1000, -100],
        [10_000, 109],
        [10_000, 110],
        [1000, 47],
        [1000, 50],
        [1000, 51],
        [1000, 93],
        [1000, 100],
        [1000, 101],
        [1000, 266],
        [1000, 267],
        [1000, 500],
        [1000, 501],
        [1000, 1032],
        [1000, 1033],
        [8000, 8001]
      ].map(([ms, ticks], n) => {
        const from = 100_000 + n * 1_000_000
        const on = new Connection(10 + n)
        return [
          on.syn(from, clock(LINUX5, 3_000_000_000)),
          on.synAck(from + 5, { ...S_UNKNOWN, options: "ts=7" }),
          // The next reading shows if the first one was given up for good.
          on.send(from + ms!, 0, "", { options: `ts=${3_000_000_000 + ticks!}` }),
          on.send(from + 700_000, 0, "", { options: "ts=3000700000" }),
          on.send(from + 500_000, 0, "", { options: "ts=3000500000" })
        ]
      }),
      // A bad reading of a SYN is not the last one of its flow.
      [
        new Connection(60).syn(40_000_000, clock(LINUX5, 5000)),
        new Connection(60, 40_001).syn(40_001_000, clock(LINUX5, 9_005_000)),
        new Connection(60, 40_001).synAck(40_001_010, S_UNKNOWN),
        new Connection(60, 40_001).send(40_002_000, 0, "", { options: "ts=9005100" })
      ],
      // No timestamp now, none before; out of order; FIN and RST of any sequence number.
      [
        new Connection(61).syn(41_000_000, clock(LINUX5, 5000)),
        new Connection(61).synAck(41_000_010, S_UNKNOWN),
        new Connection(61).send(41_001_000, 0, ""),
        new Connection(61).send(41_001_000, 0, "", { options: "ts=0" }),
        new Connection(61).send(41_001_100, 1, "", { options: "ts=5100" }),
        new Connection(61).send(41_001_200, 77, "", { options: "ts=5240", flags: "FA" }),
        new Connection(61).send(41_001_300, 0, "", { options: "ts=5260" }),
        new Connection(62).syn(42_000_000, UNKNOWN),
        new Connection(62).synAck(42_000_010, S_UNKNOWN),
        new Connection(62).send(42_001_000, 0, "", { options: "ts=1000" }),
        new Connection(62).reply(42_001_000, 0, "", { options: "ts=1000" })
      ],
      // Servers: by SYN+ACKs, ACKs and RSTs.
      [
        new Connection(63).syn(43_000_000, UNKNOWN),
        new Connection(63).synAck(43_000_010, clock(S_LINUX5, 70_000)),
        new Connection(64).syn(43_001_000, UNKNOWN),
        new Connection(64).synAck(43_001_010, clock(S_LINUX5, 70_250)),
        new Connection(64).reply(43_001_110, 0, "", { options: "ts=70275" }),
        new Connection(63).reply(43_001_210, 0, "", { options: "ts=70300" }),
        new Connection(65).syn(43_002_000, UNKNOWN),
        new Connection(65).synAck(43_002_010, clock(S_LINUX5, 1_000_000)),
        new Connection(65).reply(43_003_010, 9, "", { options: "ts=1000100", flags: "R" }),
        new Connection(66).syn(43_004_000, UNKNOWN),
        new Connection(66).synAck(43_004_010, clock(S_LINUX5, 1_000_200)),
        new Connection(66).reply(43_005_010, 0, "", { options: "ts=1000100" }),
        new Connection(66).reply(43_006_010, 0, "", { options: "ts=1000400" })
      ]
    ].flat(),
    lines: [
      "1 uptime 10.0.1.1/40001 10.0.0.9/80 cli uptime=0 days 1 hrs 23 min (modulo 49 days)|raw_freq=1000.00 Hz",
      "2 uptime 10.0.1.1/40000 10.0.0.9/80 cli uptime=0 days 5 hrs 33 min (modulo 198 days)|raw_freq=250.00 Hz",
      "600 uptime 10.0.1.10/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 28 min (modulo 49 days)|raw_freq=1000.00 Hz",
      "1100 uptime 10.0.1.11/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 20 min (modulo 49 days)|raw_freq=1000.00 Hz",
      "2700 uptime 10.0.1.12/40000 10.0.0.9/80 cli uptime=347 days 5 hrs 30 min (modulo 497 days)|raw_freq=100.00 Hz",
      "3600 uptime 10.0.1.13/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 28 min (modulo 49 days)|raw_freq=1000.00 Hz",
      "4600 uptime 10.0.1.14/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 28 min (modulo 49 days)|raw_freq=1000.00 Hz",
      "5101 uptime 10.0.1.15/40000 10.0.0.9/80 cli uptime=6944 days 10 hrs 40 min (modulo 9942 days)|raw_freq=5.00 Hz",
      "6600 uptime 10.0.1.16/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 28 min (modulo 49 days)|raw_freq=1000.00 Hz",
      "7600 uptime 10.0.1.17/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 28 min (modulo 49 days)|raw_freq=1000.00 Hz",
      "9107 uptime 10.0.1.19/40000 10.0.0.9/80 cli uptime=34722 days 5 hrs 20 min (modulo 49710 days)|raw_freq=0.70 Hz",
      "11101 uptime 10.0.1.21/40000 10.0.0.9/80 cli uptime=23 days 3 hrs 33 min (modulo 33 days)|raw_freq=1500.00 Hz",
      "14110 uptime 10.0.1.24/40000 10.0.0.9/80 cli uptime=3472 days 5 hrs 20 min (modulo 4971 days)|raw_freq=10.90 Hz",
      "15110 uptime 10.0.1.25/40000 10.0.0.9/80 cli uptime=3472 days 5 hrs 20 min (modulo 4971 days)|raw_freq=11.00 Hz",
      "16101 uptime 10.0.1.26/40000 10.0.0.9/80 cli uptime=694 days 10 hrs 40 min (modulo 994 days)|raw_freq=47.00 Hz",
      "17101 uptime 10.0.1.27/40000 10.0.0.9/80 cli uptime=694 days 10 hrs 40 min (modulo 994 days)|raw_freq=50.00 Hz",
      "18101 uptime 10.0.1.28/40000 10.0.0.9/80 cli uptime=694 days 10 hrs 40 min (modulo 994 days)|raw_freq=51.00 Hz",
      "19101 uptime 10.0.1.29/40000 10.0.0.9/80 cli uptime=347 days 5 hrs 20 min (modulo 497 days)|raw_freq=93.00 Hz",
      "20101 uptime 10.0.1.30/40000 10.0.0.9/80 cli uptime=347 days 5 hrs 20 min (modulo 497 days)|raw_freq=100.00 Hz",
      "21101 uptime 10.0.1.31/40000 10.0.0.9/80 cli uptime=347 days 5 hrs 20 min (modulo 497 days)|raw_freq=101.00 Hz",
      "22101 uptime 10.0.1.32/40000 10.0.0.9/80 cli uptime=138 days 21 hrs 20 min (modulo 198 days)|raw_freq=266.00 Hz",
      "23101 uptime 10.0.1.33/40000 10.0.0.9/80 cli uptime=115 days 17 hrs 46 min (modulo 165 days)|raw_freq=267.00 Hz",
      "24101 uptime 10.0.1.34/40000 10.0.0.9/80 cli uptime=69 days 10 hrs 40 min (modulo 99 days)|raw_freq=500.00 Hz",
      "25101 uptime 10.0.1.35/40000 10.0.0.9/80 cli uptime=69 days 10 hrs 40 min (modulo 99 days)|raw_freq=501.00 Hz",
      "26101 uptime 10.0.1.36/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 20 min (modulo 49 days)|raw_freq=1032.00 Hz",
      "27101 uptime 10.0.1.37/40000 10.0.0.9/80 cli uptime=31 days 13 hrs 34 min (modulo 45 days)|raw_freq=1033.00 Hz",
      "28108 uptime 10.0.1.38/40000 10.0.0.9/80 cli uptime=34 days 17 hrs 20 min (modulo 49 days)|raw_freq=1000.12 Hz",
      "40002 uptime 10.0.1.60/40001 10.0.0.9/80 cli uptime=1 days 1 hrs 0 min (modulo 497 days)|raw_freq=100.00 Hz",
      "41001 uptime 10.0.1.61/40000 10.0.0.9/80 cli uptime=0 days 0 hrs 0 min (modulo 248 days)|raw_freq=200.00 Hz",
      "43001 uptime 10.0.1.64/40000 10.0.0.9/80 srv uptime=0 days 0 hrs 4 min (modulo 198 days)|raw_freq=250.00 Hz",
      "43001 uptime 10.0.1.63/40000 10.0.0.9/80 srv uptime=0 days 0 hrs 4 min (modulo 198 days)|raw_freq=250.00 Hz",
      "43004 uptime 10.0.1.66/40000 10.0.0.9/80 srv uptime=0 days 2 hrs 46 min (modulo 497 days)|raw_freq=100.00 Hz"
    ]
  },
  {
    name: "packets that belong to a connection and packets that don't",
    shows: ["syn", "syn+ack", "http request", "http response"],
    frames: [
      [
        new Connection(1).syn(0, UNKNOWN),
        new Connection(1).synAck(10, S_UNKNOWN),
        new Connection(1).send(20, 0, ""),
        new Connection(1).send(30, 0, GET, { flags: "PA" }),
        new Connection(1).reply(40, 0, OK)
      ],
      // Data before the SYN+ACK ends the flow.
      [
        new Connection(2).syn(1000, UNKNOWN),
        new Connection(2).send(1010, 0, ""),
        new Connection(2).synAck(1020, S_UNKNOWN),
        new Connection(2).send(1030, 0, GET)
      ],
      // SYN+ACKs of the client, of no flow, and a second one.
      [
        new Connection(3).syn(2000, UNKNOWN),
        new Connection(3).up(2010, { ...S_UNKNOWN, flags: "SA", ack: 5001 }),
        new Connection(3, 40_001).synAck(2020, S_UNKNOWN),
        new Connection(3).synAck(2030, S_UNKNOWN),
        new Connection(3).synAck(2040, { ...S_LINUX5, seq: 6000 }),
        new Connection(3).send(2050, 0, GET),
        new Connection(3).reply(2060, 1000, OK),
        new Connection(3).reply(2070, 0, OK)
      ],
      // One SYN twice, then another one.
      [
        new Connection(4).syn(3000, UNKNOWN),
        new Connection(4).syn(3010, UNKNOWN),
        new Connection(4).synAck(3020, S_UNKNOWN),
        new Connection(4).syn(3030, { ...UNKNOWN, seq: 2000 }),
        new Connection(4).send(3040, 0, ""),
        new Connection(4).syn(3050, { ...UNKNOWN, seq: 2000 }),
        new Connection(4).synAck(3060, S_UNKNOWN),
        new Connection(4).send(3070, 0, GET),
        new Connection(4).send(3080, 1000, GET)
      ],
      // A SYN the other way between the same ports; its own number is no repetition.
      [
        new Connection(5).syn(4000, UNKNOWN),
        new Connection(5).down(4010, { ...UNKNOWN, seq: 1000 }),
        new Connection(5).up(4020, { ...S_UNKNOWN, flags: "SA", seq: 5000 }),
        new Connection(5).reply(4030, 1001 - 5001, GET)
      ],
      // A gap, then what is missing.
      [
        new Connection(6).syn(5000, UNKNOWN),
        new Connection(6).synAck(5010, S_UNKNOWN),
        new Connection(6).send(5020, 1, GET.slice(1)),
        new Connection(6).send(5030, 0, GET.slice(0, 20)),
        new Connection(6).send(5040, 0, GET.slice(0, 20)),
        new Connection(6).send(5050, 20, GET.slice(20)),
        new Connection(6).reply(5060, 3, OK.slice(3)),
        new Connection(6).reply(5070, 0, OK)
      ],
      // Ends.
      ...["R", "RA", "F", "FA"].map((flags, n) => [
        new Connection(10 + n).syn(6000, UNKNOWN),
        new Connection(10 + n).synAck(6010, S_UNKNOWN),
        new Connection(10 + n)[n % 2 === 0 ? "reply" : "send"](6020, 5, "bye", { flags }),
        new Connection(10 + n).send(6030, 0, GET)
      ]),
      // The last sequence number; a SYN with data, which p0f forgets.
      [
        new Connection(20).syn(7000, { ...UNKNOWN, seq: -1 }),
        new Connection(20).synAck(7010, { ...S_UNKNOWN, seq: -1 }),
        new Connection(20).up(7020, { flags: "A", seq: 0, ack: 0, payload: GET }),
        new Connection(20).down(7030, { flags: "A", seq: 0, ack: 0, payload: OK }),
        new Connection(21).syn(7040, { ...UNKNOWN, payload: GET }),
        new Connection(21).synAck(7050, { ...S_UNKNOWN, ack: 1001 + GET.length }),
        new Connection(21).send(7060, GET.length, ""),
        new Connection(21).reply(7070, 0, OK)
      ],
      // Neighbours: another port or address on either side.
      [
        new Connection("10.0.1.30", 40_000, SERVER, 80).syn(8000, UNKNOWN),
        new Connection("10.0.1.30", 40_000, SERVER, 80).synAck(8010, S_UNKNOWN),
        ...[
          new Connection("10.0.1.31", 40_000, SERVER, 80),
          new Connection("10.0.1.30", 40_001, SERVER, 80),
          new Connection("10.0.1.30", 40_000, "10.0.0.8", 80),
          new Connection("10.0.1.30", 40_000, SERVER, 81)
        ].flatMap((other) => [
          other.send(8020, 0, GET),
          other.reply(8030, 0, OK),
          other.send(8040, 0, "", { flags: "R" })
        ]),
        new Connection("10.0.1.30", 40_000, SERVER, 80).send(8050, 0, GET),
        new Connection("10.0.1.30", 40_000, SERVER, 80).reply(8060, 0, OK)
      ],
      [
        new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:9::1").syn(9000, UNKNOWN),
        new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:9::1").synAck(9010, S_UNKNOWN),
        ...[
          new Connection("2001:db9:1:2:3:4:5:6", 40_000, "2001:db8:9::1"),
          new Connection("2001:db8:1:3:3:4:5:6", 40_000, "2001:db8:9::1"),
          new Connection("2001:db8:1:2:3:5:5:6", 40_000, "2001:db8:9::1"),
          new Connection("2001:db8:1:2:3:4:5:7", 40_000, "2001:db8:9::1"),
          new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db9:9::1"),
          new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:9:1::1"),
          new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:9::1:0:1"),
          new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:9::2"),
          // Its IPv4 addresses are the first words.
          new Connection("32.1.13.184", 40_000, "32.1.13.184")
        ].flatMap((other) => [
          other.send(9020, 0, GET),
          other.reply(9030, 0, OK),
          other.send(9040, 0, "", { flags: "R" })
        ]),
        new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:9::1").send(9050, 0, GET),
        new Connection("2001:db8:1:2:3:4:5:6", 40_000, "2001:db8:9::1").reply(9060, 0, OK)
      ]
    ].flat(),
    lines: [
      "0 syn 10.0.1.1/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "0 syn+ack 10.0.1.1/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "0 http request 10.0.1.1/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "0 http response 10.0.1.1/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "1 syn 10.0.1.2/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "2 syn 10.0.1.3/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "2 syn+ack 10.0.1.3/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "2 http request 10.0.1.3/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http response 10.0.1.3/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "3 syn 10.0.1.4/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "3 syn+ack 10.0.1.4/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "3 syn 10.0.1.4/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "3 syn 10.0.1.4/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "3 syn+ack 10.0.1.4/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "3 http request 10.0.1.4/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "4 syn 10.0.1.5/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "4 syn 10.0.0.9/80 10.0.1.5/40000 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "4 syn+ack 10.0.0.9/80 10.0.1.5/40000 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df,ack-:0",
      "4 http request 10.0.0.9/80 10.0.1.5/40000 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "5 syn 10.0.1.6/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "5 syn+ack 10.0.1.6/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "5 http request 10.0.1.6/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "5 http response 10.0.1.6/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "6 syn 10.0.1.10/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "6 syn+ack 10.0.1.10/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "6 syn 10.0.1.11/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "6 syn+ack 10.0.1.11/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "6 syn 10.0.1.12/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "6 syn+ack 10.0.1.12/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "6 syn 10.0.1.13/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "6 syn+ack 10.0.1.13/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "7 syn 10.0.1.20/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "7 syn+ack 10.0.1.20/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "7 http request 10.0.1.20/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "7 http response 10.0.1.20/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "7 syn 10.0.1.21/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:+",
      "7 syn+ack 10.0.1.21/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "8 syn 10.0.1.30/40000 10.0.0.9/80 cli os=???|dist=0|params=none|raw_sig=4:64+0:0:1460:5555,0:mss:df,id+:0",
      "8 syn+ack 10.0.1.30/40000 10.0.0.9/80 srv os=???|dist=4|params=none|raw_sig=4:60+4:0:1460:5555,0:mss:df:0",
      "8 http request 10.0.1.30/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "8 http response 10.0.1.30/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "9 syn 2001:db8:1:2:3:4:5:6/40000 2001:db8:9:0:0:0:0:1/80 cli os=???|dist=0|params=none|raw_sig=6:64+0:0:1460:5555,0:mss::0",
      "9 syn+ack 2001:db8:1:2:3:4:5:6/40000 2001:db8:9:0:0:0:0:1/80 srv os=???|dist=4|params=none|raw_sig=6:60+4:0:1460:5555,0:mss::0",
      "9 http request 2001:db8:1:2:3:4:5:6/40000 2001:db8:9:0:0:0:0:1/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "9 http response 2001:db8:1:2:3:4:5:6/40000 2001:db8:9:0:0:0:0:1/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x"
    ]
  },
  {
    name: "a table of flows that is full loses the oldest tenth and one",
    args: ["-m", "19,1000"],
    shows: ["http request"],
    frames: [
      ...times(21, (n) => [
        new Connection(n + 1).syn(n * 10, UNKNOWN),
        new Connection(n + 1).synAck(n * 10 + 5, S_UNKNOWN)
      ]),
      // One in the middle ends, which leaves room for one more.
      [new Connection(10).send(1000, 0, "", { flags: "R" })],
      times(3, (n) => [
        new Connection(n + 30).syn(1100, UNKNOWN),
        new Connection(n + 30).synAck(1110, S_UNKNOWN)
      ]).flat(),
      times(24, (n) => new Connection(n + 1).send(2000 + n, 0, GET)),
      times(3, (n) => new Connection(n + 30).send(3000 + n, 0, GET))
    ].flat(),
    lines: [
      "2 http request 10.0.1.4/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.5/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.6/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.7/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.8/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.9/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.11/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.12/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.13/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.14/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.15/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.16/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.17/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.18/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.19/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.20/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.21/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "3 http request 10.0.1.30/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "3 http request 10.0.1.31/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "3 http request 10.0.1.32/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:"
    ]
  },
  {
    name: "a table of hosts that is full loses flows, and the oldest host if none of them is its own",
    args: ["-m", "1000,4"],
    shows: ["host change", "http request"],
    frames: [
      // The server and five clients are one host too many: the first flow ends, its client is not the oldest host.
      ...times(5, (n) => [
        new Connection(n + 1).syn(n * 10, WINDOWS10),
        new Connection(n + 1).synAck(n * 10 + 5, S_UNKNOWN)
      ]),
      times(5, (n) => new Connection(n + 1).send(1000 + n, 0, GET)),
      // Hosts that are still on file have another system now.
      times(5, (n) => new Connection(5 - n, 50_000).syn(2000 + n * 10, WINDOWS7)),
      times(5, (n) => new Connection(n + 1, 50_000).up(3000 + n * 10, { flags: "R" })),
      times(8, (n) => new Connection(n + 1, 50_001).syn(4000 + n * 10, WINDOWS10)),
      times(8, (n) => new Connection(8 - n, 50_002).syn(5000 + n * 10, LOTTERY))
    ].flat(),
    lines: [
      "1 http request 10.0.1.2/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "1 http request 10.0.1.3/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "1 http request 10.0.1.4/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "1 http request 10.0.1.5/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 host change 10.0.1.5/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "2 host change 10.0.1.4/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "2 host change 10.0.1.3/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "2 host change 10.0.1.2/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "4 host change 10.0.1.1/50001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "4 host change 10.0.1.2/50001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,2,2",
      "4 host change 10.0.1.3/50001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,2,2",
      "4 host change 10.0.1.4/50001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,2,2",
      "4 host change 10.0.1.5/50001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,2,2",
      "5 host change 10.0.1.8/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "5 host change 10.0.1.7/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "5 host change 10.0.1.6/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "5 host change 10.0.1.5/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,3,3",
      "5 host change 10.0.1.4/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,3,3",
      "5 host change 10.0.1.3/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,3,3",
      "5 host change 10.0.1.2/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,3,3",
      "5 host change 10.0.1.1/50002 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,2,2"
    ]
  },
  {
    name: "hosts in use are more than the table was made for",
    args: ["-m", "1000,1"],
    shows: ["host change", "http request"],
    frames: [
      // The oldest host has a hundred flows; a tenth of them ends with each host that is one too many.
      times(100, (n) => new Connection(1, 40_000 + n).syn(n, WINDOWS10)),
      ...times(14, (n) => [
        new Connection(n + 2).syn(1000 + n * 10, WINDOWS10),
        new Connection(n + 2).synAck(1005 + n * 10, S_UNKNOWN)
      ]),
      times(14, (n) => new Connection(n + 2).send(2000 + n, 0, GET)),
      times(15, (n) => new Connection(15 - n, 50_000).syn(3000 + n * 10, LOTTERY))
    ].flat(),
    lines: [
      "2 http request 10.0.1.2/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.3/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.4/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.5/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.6/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.7/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.8/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.9/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.10/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.11/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.12/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.13/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.14/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.15/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "3 host change 10.0.1.15/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.14/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.13/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.12/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.11/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.10/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.9/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.8/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.7/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.6/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.5/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.4/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.3/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.2/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1",
      "3 host change 10.0.1.1/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,1,1"
    ]
  },
  {
    name: "every 50th packet ends flows and hosts that are too old",
    args: ["-t", "5,2"],
    shows: ["host change", "http request", "syn"],
    frames: [
      [1, 2, 3, 4].flatMap((n) => [
        new Connection(n).syn(n * 1000, WINDOWS10),
        new Connection(n).synAck(n * 1000 + 5, S_UNKNOWN)
      ]),
      // 8 packets; the 50th finds the flows of seconds 1 and 2 too old.
      times(42, (n) => new Connection(200).send(8000 + n, 0, "")),
      [1, 2, 3, 4].map((n) => new Connection(n).send(8500 + n, 0, GET)),
      // The 100th: second 123 is 120 behind the third.
      times(46, (n) => new Connection(200).send(123_000 + n, 0, "")),
      [1, 2, 3, 4].map((n) => new Connection(n, 50_000).syn(123_100 + n * 10, WINDOWS7)),
      // The 150th comes in a second in which nothing is looked at again, the 200th when time has run backwards.
      times(46, (n) => new Connection(200).send(123_500 + n, 0, "")),
      [5, 6].flatMap((n) => [new Connection(n).syn(124_000, WINDOWS10), new Connection(n).synAck(124_005, S_UNKNOWN)]),
      times(46, (n) => new Connection(200).send(60_000 + n, 0, "")),
      [1, 2, 3, 4, 5, 6].flatMap((n) => [
        new Connection(n).send(125_000, 0, GET),
        new Connection(n, 50_001).syn(125_100, LOTTERY)
      ])
    ].flat(),
    lines: [
      "1 syn 10.0.1.1/40000 10.0.0.9/80 cli os=Windows 10|dist=0|params=none|raw_sig=4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "2 syn 10.0.1.2/40000 10.0.0.9/80 cli os=Windows 10|dist=0|params=none|raw_sig=4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "3 syn 10.0.1.3/40000 10.0.0.9/80 cli os=Windows 10|dist=0|params=none|raw_sig=4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "4 syn 10.0.1.4/40000 10.0.0.9/80 cli os=Windows 10|dist=0|params=none|raw_sig=4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "8 http request 10.0.1.3/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "8 http request 10.0.1.4/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "123 syn 10.0.1.1/50000 10.0.0.9/80 cli os=Windows 7|dist=0|params=none|raw_sig=4:128+0:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "123 syn 10.0.1.2/50000 10.0.0.9/80 cli os=Windows 7|dist=0|params=none|raw_sig=4:128+0:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "123 syn 10.0.1.3/50000 10.0.0.9/80 cli os=Windows 7|dist=0|params=none|raw_sig=4:128+0:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "123 host change 10.0.1.3/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "123 syn 10.0.1.4/50000 10.0.0.9/80 cli os=Windows 7|dist=0|params=none|raw_sig=4:128+0:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "123 host change 10.0.1.4/50000 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "124 syn 10.0.1.5/40000 10.0.0.9/80 cli os=Windows 10|dist=0|params=none|raw_sig=4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "124 syn 10.0.1.6/40000 10.0.0.9/80 cli os=Windows 10|dist=0|params=none|raw_sig=4:128+0:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0",
      "125 syn 10.0.1.1/50001 10.0.0.9/80 cli os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df,id+:0",
      "125 syn 10.0.1.2/50001 10.0.0.9/80 cli os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df,id+:0",
      "125 syn 10.0.1.3/50001 10.0.0.9/80 cli os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df,id+:0",
      "125 syn 10.0.1.4/50001 10.0.0.9/80 cli os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df,id+:0",
      "125 syn 10.0.1.5/50001 10.0.0.9/80 cli os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df,id+:0",
      "125 syn 10.0.1.6/50001 10.0.0.9/80 cli os=Lottery|dist=<= 14|params=random_ttl|raw_sig=4:50+14:0:1460:1000,0:mss:df,id+:0"
    ]
  },
  {
    name: "HTTP requests",
    shows: ["http request", "host change", "ip sharing"],
    frames: REQUESTS.flatMap((request, n) => exchange(n + 1, n * 1000, UNKNOWN, request)),
    lines: [
      "0 http request 10.0.1.1/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=0::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "1 http request 10.0.1.2/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "2 http request 10.0.1.3/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=0::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "8 http request 10.0.1.9/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "10 http request 10.0.1.11/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "12 http request 10.0.1.13/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "13 http request 10.0.1.14/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "14 http request 10.0.1.15/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1::Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "15 http request 10.0.1.16/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "16 http request 10.0.1.17/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "18 http request 10.0.1.19/40000 10.0.0.9/80 cli app=???|lang=none|params=none|raw_sig=1:Host,User-Agent,X-Unknown_9=[v],?Cookie,Accept=[d],X-Empty,X-Blank,X-Tab=[g],X-Two=[ h]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:b",
      "19 http request 10.0.1.20/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,X-A=[v{200}],Accept=[w{200}],Connection,X-Pipe=[a|b],X-High=[a],X-Nul=[a]:User-Agent,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "23 http request 10.0.1.24/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,N{32}=[b]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "25 http request 10.0.1.26/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,X-A=[v{200}]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "27 http request 10.0.1.28/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:X-0=[a],X-1=[a],X-2=[a],X-3=[a],X-4=[a],X-5=[a],X-6=[a],X-7=[a],X-8=[a],X-9=[a],X-10=[a],X-11=[a],X-12=[a],X-13=[a],X-14=[a],X-15=[a],X-16=[a],X-17=[a],X-18=[a],X-19=[a],X-20=[a],X-21=[a],X-22=[a],X-23=[a],X-24=[a],X-25=[a],X-26=[a],X-27=[a],X-28=[a],X-29=[a],X-30=[a],X-31=[a]:Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "29 http request 10.0.1.30/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:X-0=[v{200}],X-1=[v{200}],X-2=[v{200}],X-3=[v{200}],X-4=[v{200}],X-5=[v{200}],X-6=[v{200}],X-7=[v{200}],X=[v{113}]:Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "30 http request 10.0.1.31/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:X-0=[v{200}],X-1=[v{200}],X-2=[v{200}],X-3=[v{200}],X-4=[v{200}],X-5=[v{200}],X-6=[v{200}],X-7=[v{200}],X=[v{114}]:Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "31 http request 10.0.1.32/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko",
      "32 http request 10.0.1.33/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=dishonest|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:other",
      "33 http request 10.0.1.34/40000 10.0.0.9/80 cli app=???|lang=none|params=none|raw_sig=0:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko",
      "34 http request 10.0.1.35/40000 10.0.0.9/80 cli app=Browser 1|lang=German|params=none|raw_sig=1:Host,User-Agent,Accept-Language=[de],Accept=[text/html]:Connection,Accept-Encoding,Accept-Charset,Keep-Alive:Gecko",
      "35 http request 10.0.1.36/40000 10.0.0.9/80 cli app=???|lang=English|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html],Accept-Language=[en-US]:Connection,Accept-Encoding,Accept-Charset,Keep-Alive:Gecko",
      "36 http request 10.0.1.37/40000 10.0.0.9/80 cli app=???|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[image/png]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko",
      "37 http request 10.0.1.38/40000 10.0.0.9/80 cli app=???|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko",
      "38 http request 10.0.1.39/40000 10.0.0.9/80 cli app=???|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html],Keep-Alive=[1]:Connection,Accept-Encoding,Accept-Language,Accept-Charset:Gecko",
      "39 http request 10.0.1.40/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,X-More=[1],User-Agent,Accept=[a text/ b]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko",
      "40 http request 10.0.1.41/40000 10.0.0.9/80 cli app=???|lang=none|params=none|raw_sig=1:User-Agent,Host,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko",
      "41 http request 10.0.1.42/40000 10.0.0.9/80 cli app=Crawler|lang=none|params=none|raw_sig=1:User-Agent,Host:Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Bot",
      "42 http request 10.0.1.43/40000 10.0.0.9/80 cli app=Anything|lang=none|params=anonymous generic|raw_sig=1:Host,X-Any=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "43 http request 10.0.1.44/40000 10.0.0.9/80 cli app=Anything|lang=none|params=generic|raw_sig=1:Host,X-Any=[1],User-Agent,User-Agent:Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:last",
      "44 http request 10.0.1.45/40000 10.0.0.9/80 cli app=Anything|lang=none|params=generic|raw_sig=1:Host,X-Any=[1],User-Agent,User-Agent:Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:a",
      "45 http request 10.0.1.46/40000 10.0.0.9/80 cli app=???|lang=none|params=none|raw_sig=1:User-Agent:Host,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:a|b",
      "46 http request 10.0.1.47/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:host=[a],X-Any=[1]:Host,User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "47 http request 10.0.1.48/40000 10.0.0.9/80 cli app=???|lang=German|params=anonymous|raw_sig=1:Host,Accept-Language=[de]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "48 http request 10.0.1.49/40000 10.0.0.9/80 cli app=???|lang=English|params=anonymous|raw_sig=1:Host,Accept-Language=[en-US]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "49 http request 10.0.1.50/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,Accept-Language=[d]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "50 http request 10.0.1.51/40000 10.0.0.9/80 cli app=???|lang=???|params=anonymous|raw_sig=1:Host,Accept-Language=[xx]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "51 http request 10.0.1.52/40000 10.0.0.9/80 cli app=???|lang=???|params=anonymous|raw_sig=1:Host,Accept-Language=[DE]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "52 http request 10.0.1.53/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,Accept-Language=[deu]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "53 http request 10.0.1.54/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,Accept-Language=[1e]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "54 http request 10.0.1.55/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,Accept-Language=[e1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "55 http request 10.0.1.56/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,Accept-Language=[d;q=1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "56 http request 10.0.1.57/40000 10.0.0.9/80 cli app=???|lang=Zulu|params=anonymous|raw_sig=1:Host,Accept-Language=[zu]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "57 http request 10.0.1.58/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,Accept-Language:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "58 http request 10.0.1.59/40000 10.0.0.9/80 cli app=???|lang=English|params=anonymous|raw_sig=1:Host,Accept-Language=[en, de]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "59 http request 10.0.1.60/40000 10.0.0.9/80 cli app=???|lang=French|params=anonymous|raw_sig=1:Host,Accept-Language=[de],Accept-Language=[fr]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "60 http request 10.0.1.61/40000 10.0.0.9/80 cli app=???|lang=German|params=anonymous|raw_sig=1:Host,Accept-Language=[de],Accept-Language:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:",
      "61 http request 10.0.1.62/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,?Via,?X-Forwarded-For:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "62 http request 10.0.1.63/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,?Via:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "62 host change 10.0.1.63/40000 10.0.0.9/80 cli reason=via|raw_hits=1,1,1,1",
      "63 http request 10.0.1.64/40000 10.0.0.9/80 cli app=???|lang=none|params=anonymous|raw_sig=1:Host,?X-Forwarded-For:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "63 host change 10.0.1.64/40000 10.0.0.9/80 cli reason=via|raw_hits=1,1,1,1"
    ]
  },
  {
    name: "HTTP responses",
    shows: ["http response", "host change"],
    frames: RESPONSES.flatMap((response, n) => exchange(n + 1, n * 1000, UNKNOWN, GET, response)),
    lines: [
      "0 http response 10.0.1.1/40000 10.0.0.9/80 srv app=???|lang=none|params=anonymous|raw_sig=0::Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:",
      "2 http response 10.0.1.3/40000 10.0.0.9/80 srv app=???|lang=none|params=anonymous|raw_sig=1::Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:",
      "3 http response 10.0.1.4/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=0:Server:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:b",
      "7 http response 10.0.1.8/40000 10.0.0.9/80 srv app=???|lang=none|params=anonymous|raw_sig=1::Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:",
      "9 http response 10.0.1.10/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:b",
      "10 http response 10.0.1.11/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:b",
      "11 http response 10.0.1.12/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:b",
      "12 http response 10.0.1.13/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:b",
      "14 http response 10.0.1.15/40000 10.0.0.9/80 srv app=???|lang=none|params=anonymous|raw_sig=1:X-Long=[v{200}],Date,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges:",
      "15 http response 10.0.1.16/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Date,Content-Type,?Set-Cookie,X-A=[f],Via=[g],Accept-Ranges=[h]:Connection,Keep-Alive:a|b",
      "15 host change 10.0.1.16/40000 10.0.0.9/80 srv reason=via|raw_hits=1,1,1,1",
      "16 http response 10.0.1.17/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Server,Accept-Language=[de],User-Agent=[b]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:last",
      "17 http response 10.0.1.18/40000 10.0.0.9/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "18 http response 10.0.1.19/40000 10.0.0.9/80 srv app=nginx 1.x|lang=none|params=dishonest|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:other",
      "19 http response 10.0.1.20/40000 10.0.0.9/80 srv app=???|lang=none|params=anonymous|raw_sig=1:Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:",
      "19 host change 10.0.1.20/40000 10.0.0.9/80 srv reason=x_known|raw_hits=1,2,2,2",
      "20 http response 10.0.1.21/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Date,Content-Type:Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "21 http response 10.0.1.22/40000 10.0.0.9/80 srv app=Apache|lang=none|params=none|raw_sig=1:Date,Server,X-Box=[1]:Content-Type,Connection,Keep-Alive,Accept-Ranges:Apache",
      "22 http response 10.0.1.23/40000 10.0.0.9/80 srv os=Linux box|lang=none|params=none|raw_sig=1:Server,X-Box=[1]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:box",
      "22 host change 10.0.1.23/40000 10.0.0.9/80 srv reason=os_diff|raw_hits=2,3,3,3",
      "23 http response 10.0.1.24/40000 10.0.0.9/80 srv app=???|lang=none|params=none|raw_sig=1:Server:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:a",
      "23 host change 10.0.1.24/40000 10.0.0.9/80 srv reason=x_known|raw_hits=2,4,4,4"
    ]
  },
  {
    name: "who the client of a request is",
    shows: ["http request", "host change", "ip sharing"],
    frames: [
      ...[
        [LINUX5, [UA_LINUX]],
        [LINUX5, [UA_NT, UA_LINUX, UA_NT]],
        [WINDOWS10, [UA_NT]],
        [WINDOWS10, [UA_LINUX]],
        [UNKNOWN, [UA_NT]],
        [LINUX5, [UA_OTHER]],
        // Dishonest, and without a User-Agent.
        [LINUX5, ["Browser (NT 6)"]],
        [LINUX5, [""]],
        [WINDOWS10, [UA_NT_VIA, UA_NT_FORWARDED, UA_NT_VIA]]
      ].map(([stack, agents], n) =>
        (agents as ReadonlyArray<string>).flatMap((agent, i) =>
          exchange(n + 1, n * 10_000 + i * 1000, { ...(stack as PacketFields), sport: 40_000 + i }, browser(agent))
        )
      ),
      // Tools where they may not run, and systems that HTTP knows.
      exchange(20, 200_000, LINUX5, CRAWL),
      exchange(21, 201_000, WINDOWS10, CRAWL),
      exchange(22, 202_000, UNKNOWN, CRAWL),
      exchange(23, 203_000, { ...WINDOWS10, win: 8192 }, ANY),
      exchange(24, 204_000, LINUX5, get("Host: a", "X-Phone: 1")),
      exchange(24, 205_000, { ...LINUX5, sport: 40_001 }, get("Host: a", "X-Phone: 1")),
      exchange(24, 206_000, { ...LINUX5, sport: 40_002 }, get("Host: a", "X-Tablet: 1")),
      exchange(24, 207_000, { ...LINUX5, sport: 40_003 }, get("Host: a", "X-Desktop: 1")),
      exchange(24, 208_000, { ...UNKNOWN, sport: 40_004 }, get("Host: a", "X-Desktop: 1")),
      exchange(24, 209_000, { ...UNKNOWN, sport: 40_005 }, get("Host: a", "X-Phone: 1")),
      exchange(25, 210_000, UNKNOWN, get("Host: a", "X-Phone: 1"))
    ].flat(),
    lines: [
      "0 http request 10.0.1.1/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko Linux",
      "10 http request 10.0.1.2/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT 6",
      "10 host change 10.0.1.2/40000 10.0.0.9/80 cli reason=ua_vs_os|raw_hits=0,1,1,1",
      "11 http request 10.0.1.2/40001 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko Linux",
      "12 http request 10.0.1.2/40002 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT 6",
      "12 host change 10.0.1.2/40002 10.0.0.9/80 cli reason=ua_vs_os|raw_hits=0,2,2,2",
      "20 http request 10.0.1.3/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT 6",
      "30 http request 10.0.1.4/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko Linux",
      "30 host change 10.0.1.4/40000 10.0.0.9/80 cli reason=ua_vs_os|raw_hits=0,1,1,1",
      "40 http request 10.0.1.5/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT 6",
      "40 host change 10.0.1.5/40000 10.0.0.9/80 cli reason=ua_vs_os|raw_hits=0,1,1,1",
      "50 http request 10.0.1.6/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT6 linux",
      "60 http request 10.0.1.7/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=dishonest|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Browser (NT 6)",
      "70 http request 10.0.1.8/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=anonymous|raw_sig=1:Host,User-Agent,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "80 http request 10.0.1.9/40000 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,?Via,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT 6",
      "80 host change 10.0.1.9/40000 10.0.0.9/80 cli reason=via|raw_hits=1,1,1,1",
      "81 http request 10.0.1.9/40001 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,?X-Forwarded-For,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT 6",
      "81 host change 10.0.1.9/40001 10.0.0.9/80 cli reason=via|raw_hits=2,2,2,2",
      "82 http request 10.0.1.9/40002 10.0.0.9/80 cli app=Browser 1|lang=none|params=none|raw_sig=1:Host,User-Agent,?Via,Accept=[text/html]:Connection,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Gecko NT 6",
      "82 ip sharing 10.0.1.9/40002 10.0.0.9/80 cli reason=via|raw_hits=3,3,3,3",
      "200 http request 10.0.1.20/40000 10.0.0.9/80 cli app=Crawler|lang=none|params=none|raw_sig=1:User-Agent,Host:Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Bot",
      "200 host change 10.0.1.20/40000 10.0.0.9/80 cli reason=app_vs_os|raw_hits=0,1,1,1",
      "201 http request 10.0.1.21/40000 10.0.0.9/80 cli app=Crawler|lang=none|params=none|raw_sig=1:User-Agent,Host:Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Bot",
      "202 http request 10.0.1.22/40000 10.0.0.9/80 cli app=Crawler|lang=none|params=none|raw_sig=1:User-Agent,Host:Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:Bot",
      "203 http request 10.0.1.23/40000 10.0.0.9/80 cli app=Anything|lang=none|params=anonymous generic|raw_sig=1:Host,X-Any=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "203 host change 10.0.1.23/40000 10.0.0.9/80 cli reason=app_vs_os|raw_hits=0,1,1,1",
      "204 http request 10.0.1.24/40000 10.0.0.9/80 cli os=Linux phone|lang=none|params=anonymous|raw_sig=1:Host,X-Phone=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "205 http request 10.0.1.24/40001 10.0.0.9/80 cli os=Linux phone|lang=none|params=anonymous|raw_sig=1:Host,X-Phone=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "205 host change 10.0.1.24/40001 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,1,1",
      "206 http request 10.0.1.24/40002 10.0.0.9/80 cli os=Linux tablet|lang=none|params=anonymous|raw_sig=1:Host,X-Tablet=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "206 host change 10.0.1.24/40002 10.0.0.9/80 cli reason=os_diff|raw_hits=0,0,2,2",
      "207 http request 10.0.1.24/40003 10.0.0.9/80 cli os=Windows any|lang=none|params=anonymous generic|raw_sig=1:Host,X-Desktop=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "207 host change 10.0.1.24/40003 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,3,3",
      "208 host change 10.0.1.24/40004 10.0.0.9/80 cli reason=sig_diff x_known|raw_hits=1,1,4,4",
      "208 http request 10.0.1.24/40004 10.0.0.9/80 cli os=Windows any|lang=none|params=anonymous generic|raw_sig=1:Host,X-Desktop=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "208 host change 10.0.1.24/40004 10.0.0.9/80 cli reason=os_diff|raw_hits=1,1,5,5",
      "209 http request 10.0.1.24/40005 10.0.0.9/80 cli os=Linux phone|lang=none|params=anonymous|raw_sig=1:Host,X-Phone=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "209 host change 10.0.1.24/40005 10.0.0.9/80 cli reason=os_diff|raw_hits=2,2,6,6",
      "210 http request 10.0.1.25/40000 10.0.0.9/80 cli os=Linux phone|lang=none|params=anonymous|raw_sig=1:Host,X-Phone=[1]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:",
      "210 host change 10.0.1.25/40000 10.0.0.9/80 cli reason=os_diff|raw_hits=0,1,1,1"
    ]
  },
  {
    name: "who the server of a response is",
    shows: ["http response", "host change", "ip sharing"],
    frames: [
      [NGINX1, NGINX2],
      [NGINX1, APACHE],
      [NGINX1, NGINX1],
      [NGINX1, NOBODY],
      [NOBODY, NGINX1],
      [NOBODY, NOBODY],
      [BOX, NGINX1, BOX],
      [NOBODY, BOX],
      [BOX, BOX],
      [served("Server: a", "X-Two: 1", "Via: 1.1 x"), served("Server: a", "X-Two: 1", "X-Forwarded-For: b")]
    ]
      .flatMap((responses, n) =>
        responses.flatMap((response, i) =>
          exchange(i + 1, n * 10_000 + i * 1000, { ...UNKNOWN, sport: 40_000 + n }, GET, response, `10.0.3.${n + 1}:80`)
        )
      )
      .concat(
        // Another port of the server.
        exchange(1, 200_000, { ...UNKNOWN, sport: 41_000 }, GET, NGINX1, "10.0.3.50:80"),
        exchange(1, 201_000, { ...UNKNOWN, sport: 41_001 }, GET, APACHE, "10.0.3.50:81"),
        exchange(1, 202_000, { ...UNKNOWN, sport: 41_002 }, GET, NGINX1, "10.0.3.50:81")
      ),
    lines: [
      "0 http response 10.0.1.1/40000 10.0.3.1/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "1 http response 10.0.1.2/40000 10.0.3.1/80 srv app=nginx 2.x|lang=none|params=none|raw_sig=1:Server,X-Two=[2]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:nginx/1",
      "1 host change 10.0.1.2/40000 10.0.3.1/80 srv reason=srv_sig_lb|raw_hits=0,0,1,1",
      "10 http response 10.0.1.1/40001 10.0.3.2/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "11 http response 10.0.1.2/40001 10.0.3.2/80 srv app=Apache|lang=none|params=none|raw_sig=1:Date,Server:Content-Type,Connection,Keep-Alive,Accept-Ranges:Apache",
      "11 host change 10.0.1.2/40001 10.0.3.2/80 srv reason=srv_sig_lb|raw_hits=1,1,1,1",
      "20 http response 10.0.1.1/40002 10.0.3.3/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "21 http response 10.0.1.2/40002 10.0.3.3/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "30 http response 10.0.1.1/40003 10.0.3.4/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "31 http response 10.0.1.2/40003 10.0.3.4/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "31 host change 10.0.1.2/40003 10.0.3.4/80 srv reason=x_known|raw_hits=0,1,1,1",
      "40 http response 10.0.1.1/40004 10.0.3.5/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "41 http response 10.0.1.2/40004 10.0.3.5/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "50 http response 10.0.1.1/40005 10.0.3.6/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "51 http response 10.0.1.2/40005 10.0.3.6/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "60 http response 10.0.1.1/40006 10.0.3.7/80 srv os=Linux box|lang=none|params=none|raw_sig=1:Server,X-Box=[1]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:box",
      "60 host change 10.0.1.1/40006 10.0.3.7/80 srv reason=os_diff|raw_hits=0,1,1,1",
      "61 http response 10.0.1.2/40006 10.0.3.7/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "61 host change 10.0.1.2/40006 10.0.3.7/80 srv reason=srv_sig_lb|raw_hits=1,2,2,2",
      "62 http response 10.0.1.3/40006 10.0.3.7/80 srv os=Linux box|lang=none|params=none|raw_sig=1:Server,X-Box=[1]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:box",
      "62 host change 10.0.1.3/40006 10.0.3.7/80 srv reason=os_diff|raw_hits=2,3,3,3",
      "70 http response 10.0.1.1/40007 10.0.3.8/80 srv app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x",
      "71 http response 10.0.1.2/40007 10.0.3.8/80 srv os=Linux box|lang=none|params=none|raw_sig=1:Server,X-Box=[1]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:box",
      "71 host change 10.0.1.2/40007 10.0.3.8/80 srv reason=os_diff x_known|raw_hits=1,1,1,1",
      "80 http response 10.0.1.1/40008 10.0.3.9/80 srv os=Linux box|lang=none|params=none|raw_sig=1:Server,X-Box=[1]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:box",
      "80 host change 10.0.1.1/40008 10.0.3.9/80 srv reason=os_diff|raw_hits=0,1,1,1",
      "81 http response 10.0.1.2/40008 10.0.3.9/80 srv os=Linux box|lang=none|params=none|raw_sig=1:Server,X-Box=[1]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:box",
      "81 host change 10.0.1.2/40008 10.0.3.9/80 srv reason=os_diff|raw_hits=0,1,2,2",
      "90 http response 10.0.1.1/40009 10.0.3.10/80 srv app=nginx 2.x|lang=none|params=none|raw_sig=1:Server,X-Two=[1],Via=[1.1 x]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:a",
      "90 host change 10.0.1.1/40009 10.0.3.10/80 srv reason=via|raw_hits=1,1,1,1",
      "91 http response 10.0.1.2/40009 10.0.3.10/80 srv app=nginx 2.x|lang=none|params=none|raw_sig=1:Server,X-Two=[1],X-Forwarded-For=[b]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:a",
      "91 host change 10.0.1.2/40009 10.0.3.10/80 srv reason=via|raw_hits=2,2,2,2",
      "200 http response 10.0.1.1/41000 10.0.3.50/80 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "201 http response 10.0.1.1/41001 10.0.3.50/81 srv app=Apache|lang=none|params=none|raw_sig=1:Date,Server:Content-Type,Connection,Keep-Alive,Accept-Ranges:Apache",
      "202 http response 10.0.1.1/41002 10.0.3.50/81 srv app=nginx 1.x|lang=none|params=none|raw_sig=1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:nginx/1",
      "202 host change 10.0.1.1/41002 10.0.3.50/81 srv reason=srv_sig_lb|raw_hits=1,1,1,1"
    ]
  }
]
