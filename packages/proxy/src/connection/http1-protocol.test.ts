/**
 * HTTP/1 on one client connection, with its exchange and both relays, between a fake socket and fake upstreams.
 */
import { describe, expect, test } from "bun:test"
import {
  CLIENT_ABORTS,
  HEAD_TIMEOUTS,
  IDLE_TIMEOUTS,
  REFUSED,
  RETRIES,
  TUNNELS,
  UPSTREAM_FAILURES,
  UPSTREAM_REUSES,
  UPSTREAM_TIMEOUTS
} from "../operations/counters.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import { FakeServices, ONE_ROUTE } from "../testing/fake-services.ts"
import { FakeSocket } from "../testing/fake-socket.ts"
import { FakeUpstreamStream } from "../testing/fake-upstream-stream.ts"
import { ClientConnection } from "./client-connection.ts"
import { Http1Protocol } from "./http1-protocol.ts"
import type { ProxyHeader } from "./proxy-protocol.ts"

class Scene {
  readonly services: FakeServices
  readonly socket = new FakeSocket()
  readonly client: ClientConnection
  /** Each closed connection: may its object be used again? */
  readonly closed: Array<boolean> = []
  readonly headers: Array<ProxyHeader> = []

  constructor(toml = ONE_ROUTE, isPlain = true) {
    this.services = new FakeServices(toml)
    const { services, closed, headers } = this
    const owner = {
      applyProxyHeader: (_client: ClientConnection, header: ProxyHeader) => void headers.push(header),
      clientClosed: (_client: ClientConnection, isReusable: boolean) => void closed.push(isReusable)
    }
    this.client = new ClientConnection(services, owner, (connection) => new Http1Protocol(connection, services))
    this.client.begin(this.socket.socket, isPlain)
  }

  get stream(): FakeUpstreamStream {
    return this.services.stream
  }

  send(text: string): this {
    this.client.received(bytesOf(text))
    return this
  }

  lend(text: string): this {
    const bytes = bytesOf(text)
    this.client.receivedBorrowed(bytes)
    bytes.fill(0x21)
    return this
  }

  answer(text: string, isBorrowed = false): this {
    this.stream.answer(text, isBorrowed)
    return this
  }

  counted(cell: number): number {
    return this.services.counters[cell]!
  }

  get status(): string {
    return this.socket.text.slice(0, 12)
  }

  /** The client reads what waits. */
  drain(room: number = Number.POSITIVE_INFINITY): void {
    this.socket.room = room
    this.client.drained()
  }

  /** Puts an idle connection into the pool of the only upstream. */
  pool(): FakeUpstreamStream {
    const [upstream] = this.services.generation.upstreams.values()
    const stream = new FakeUpstreamStream(undefined, upstream)
    upstream!.idle.push(stream)
    return stream
  }
}

const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
const post = (length: number, body = ""): string =>
  `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${length}\r\n\r\n${body}`
const CHUNKED_POST = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
const TWO_UPSTREAMS = '[[routes]]\nupstream = ["http://127.0.0.1:8081", "http://127.0.0.1:8082"]\n'
const limits = (text: string): string => `[proxy.limits]\n${text}\n${ONE_ROUTE}`

describe("a request and its response", () => {
  test("pass, and the connection takes the next", () => {
    const scene = new Scene().send(GET)
    expect(scene.stream.text).toStartWith("GET / HTTP/1.1\r\nHost: h\r\n")
    expect(scene.stream.calls).toEqual(["connect"])
    scene.answer(OK)
    expect(scene.socket.take()).toBe("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nDate: now\r\n\r\nok")
    expect(scene.stream.calls).toEqual(["connect", "release"])
    scene.send(GET).answer(OK)
    expect([scene.status, scene.services.streams.length, scene.socket.calls]).toEqual(["HTTP/1.1 200", 2, []])
  })

  test("in every split, given or lent", () => {
    for (let at = 1; at < GET.length; at++) {
      const scene = new Scene().lend(GET.slice(0, at)).lend(GET.slice(at))
      expect(scene.stream.text).toStartWith("GET / HTTP/1.1\r\nHost: h\r\n")
      const part = at % OK.length
      if (part > 0) scene.answer(OK.slice(0, part), true)
      scene.answer(OK.slice(part), true)
      expect(scene.socket.text).toEndWith("\r\n\r\nok")
      expect(scene.stream.calls.at(-1)).toBe("release")
    }
  })

  test("pipelined requests are answered one after the other, each in a turn of its own", () => {
    const scene = new Scene().lend(GET + GET.replace("/", "/2"))
    expect(scene.services.streams.length).toBe(1)
    scene.answer(OK)
    expect(scene.services.streams.length).toBe(1)
    scene.services.runDeferred()
    expect(scene.stream.text).toStartWith("GET /2 ")
    scene.answer(OK)
    expect(scene.socket.text.match(/200 OK/g)?.length).toBe(2)
  })

  test("interim responses go to HTTP/1.1 clients only", () => {
    const interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    expect(new Scene().send(GET).answer(interim + OK).socket.text).toStartWith(`${interim}HTTP/1.1 200 OK`)
    expect(new Scene().send("GET / HTTP/1.0\r\n\r\n").answer(interim + OK).socket.text).toStartWith("HTTP/1.1 200 OK")
  })

  test("a chunked response is decoded for HTTP/1.0, and ends the connection", () => {
    const response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    const scene = new Scene().send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer(response)
    scene.answer("2\r\nok\r\n0\r\n\r\n")
    expect(scene.socket.text).toEndWith("\r\n\r\nok")
    expect(scene.socket.text).not.toContain("chunked")
    expect(scene.socket.calls).toEqual(["close"])
    const modern = new Scene().send(GET).answer(`${response}2\r\nok\r\n0\r\nA:`).answer(" b\r\n\r\n", true)
    expect(modern.socket.text).toEndWith("2\r\nok\r\n0\r\nA: b\r\n\r\n")
    expect(modern.stream.calls).toEqual(["connect", "release"])
  })

  test("a response until the end of the connection", () => {
    const scene = new Scene().send(GET).answer("HTTP/1.1 200 OK\r\n\r\nab").answer("c")
    scene.stream.downstream!.upstreamEnded(true)
    expect(scene.socket.text).toEndWith("\r\n\r\nabc")
    expect(scene.socket.calls).toEqual(["close"])
    const broken = new Scene().send(GET).answer("HTTP/1.1 200 OK\r\n\r\nab")
    broken.stream.downstream!.upstreamEnded(false)
    expect([broken.socket.calls, broken.counted(UPSTREAM_FAILURES)]).toEqual([["terminate"], 1])
  })

  test("more bytes than the response has: the upstream is dropped", () => {
    expect(new Scene().send(GET).answer(`${OK}more`).stream.calls).toEqual(["connect", "drop"])
  })

  test("Connection: close of either side", () => {
    const closing = new Scene().send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").answer(OK)
    expect(closing.socket.calls).toEqual(["close"])
    const upstream = new Scene().send(GET).answer(OK.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"))
    expect([upstream.socket.calls, upstream.stream.isLast]).toEqual([[], true])
  })

  test("a route that forces new connections", () => {
    const scene = new Scene(`${ONE_ROUTE}force_new_connection = true\n`)
    const pooled = scene.pool()
    scene.send(GET).answer(OK)
    expect([scene.socket.calls, scene.stream.isLast, pooled.calls]).toEqual([["close"], true, []])
  })
})

describe("bodies of requests", () => {
  test("of known length, in pieces, with the next request behind", () => {
    const scene = new Scene().send(post(6, "ab")).send("cd").send(`ef${GET}`)
    expect(scene.stream.text).toEndWith("\r\n\r\nabcdef")
    scene.answer(OK)
    scene.services.runDeferred()
    expect(scene.services.streams.length).toBe(2)
  })

  test("chunked, with trailers in pieces", () => {
    const scene = new Scene().send(CHUNKED_POST).send("3\r\nabc\r\n0\r\nX:").send(" 1").send("\r\n\r\n")
    expect(scene.stream.text).toEndWith("3\r\nabc\r\n0\r\nX: 1\r\n\r\n")
    scene.answer(OK)
    expect(scene.socket.calls).toEqual([])
  })

  test("a body of exactly the limit passes, one byte more is refused", () => {
    expect(new Scene(limits("body = 4")).send(post(4, "abcd")).stream.text).toEndWith("abcd")
    const refused = new Scene(limits("body = 4")).send(post(5, "abcde"))
    expect([refused.status, refused.services.streams.length]).toEqual(["HTTP/1.1 413", 0])
    const chunked = "4\r\nabcd\r\n0\r\n\r\n"
    const fits = new Scene(limits(`body = ${chunked.length - 2}`)).send(CHUNKED_POST + chunked)
    expect(fits.stream.text).toEndWith(chunked)
    const large = new Scene(limits(`body = ${chunked.length - 3}`)).send(CHUNKED_POST + chunked)
    expect([large.status, large.stream.calls, large.counted(REFUSED)]).toEqual(["HTTP/1.1 413", ["drop"], 1])
  })

  test("a broken body ends the exchange; after the response began, by a reset", () => {
    const early = new Scene().send(CHUNKED_POST).send("x\r\n")
    expect([early.status, early.stream.calls]).toEqual(["HTTP/1.1 400", ["connect", "drop"]])
    const late = new Scene().send(CHUNKED_POST).answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n").send("x\r\n")
    expect(late.socket.calls).toEqual(["terminate"])
  })

  test("an upstream that takes no more pauses the client", () => {
    const scene = new Scene().send(post(100, "ab"))
    scene.stream.takesAll = false
    scene.send("c")
    expect(scene.socket.isPaused).toBe(true)
    scene.stream.downstream!.upstreamDrained()
    expect(scene.socket.isPaused).toBe(false)
  })

  test("a pooled upstream that takes no more of the first piece pauses it too", () => {
    const scene = new Scene()
    scene.pool().takesAll = false
    scene.send(post(100, "ab"))
    expect(scene.socket.isPaused).toBe(true)
  })

  test("a response before the end of the request is the last", () => {
    const scene = new Scene().send(post(9, "ab")).answer(OK)
    expect(scene.socket.text).toContain("Connection: close\r\n")
    expect([scene.stream.calls, scene.socket.calls]).toEqual([["connect", "drop"], ["shutdown"]])
    scene.send("discarded")
    scene.services.pass(3000)
    expect(scene.socket.calls).toEqual(["shutdown", "terminate"])
  })
})

describe("another try", () => {
  test("a request without body is sent again once when a connection is lost", () => {
    const scene = new Scene()
    const pooled = scene.pool()
    scene.lend(GET)
    expect([pooled.text.slice(0, 5), scene.counted(UPSTREAM_REUSES)]).toEqual(["GET /", 1])
    pooled.downstream!.upstreamEnded(true)
    expect([scene.stream.text, scene.stream.calls, scene.counted(RETRIES)]).toEqual([pooled.text, ["connect"], 1])
    scene.stream.downstream!.upstreamEnded(true)
    expect([scene.status, scene.services.streams.length]).toEqual(["HTTP/1.1 502", 1])
  })

  test.each([
    ["POST", "POST / HTTP/1.1\r\nHost: h\r\n\r\n"],
    ["GET with a body in the chunk of the head", GET.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nab")],
    ["GET with a large body in it", GET.replace("\r\n\r\n", `\r\nContent-Length: 20000\r\n\r\n${"a".repeat(20_000)}`)],
    ["GET with a chunked body", GET.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
  ])("never: %s", (_what, request) => {
    const scene = new Scene()
    const pooled = scene.pool()
    scene.send(request)
    pooled.downstream!.upstreamEnded(true)
    expect([scene.status, scene.services.streams.length]).toEqual(["HTTP/1.1 502", 0])
  })

  test("never once a part of the response has come", () => {
    for (const part of ["HTTP/1.1 ", "HTTP/1.1 103 Early\r\n\r\n"]) {
      const scene = new Scene()
      const pooled = scene.pool()
      scene.send(GET)
      pooled.answer(part)
      pooled.downstream!.upstreamEnded(true)
      expect([scene.socket.text.includes("HTTP/1.1 502"), scene.services.streams.length]).toEqual([true, 0])
    }
  })

  test("any request takes another connection if nothing was sent", () => {
    const scene = new Scene()
    const pooled = scene.pool()
    pooled.breaksOnSend = true
    scene.send(post(4, "abcd"))
    expect([pooled.text, pooled.calls]).toEqual(["", ["attach", "drop"]])
    expect(scene.stream.text).toEndWith("\r\n\r\nabcd")
  })

  test("what waits for an unreachable upstream goes to the next, once", () => {
    const scene = new Scene(TWO_UPSTREAMS).send(post(4, "abcd"))
    const first = scene.stream
    first.downstream!.connectFailed("ECONNREFUSED")
    expect([scene.stream.text, scene.stream.upstream!.port]).toEqual([first.text, 8082])
    scene.stream.downstream!.connectFailed("ECONNREFUSED")
    expect([scene.status, scene.services.streams.length]).toEqual(["HTTP/1.1 502", 2])
    const alone = new Scene().send(GET)
    alone.stream.downstream!.connectFailed("ETIMEDOUT")
    expect(alone.status).toBe("HTTP/1.1 504")
  })
})

describe("refused", () => {
  test.each([
    ["a broken head", "GET /\r\n\r\n", 400],
    ["no such version", "GET / HTTP/2.0\r\n\r\n", 505],
    ["too many fields", `GET / HTTP/1.1\r\nHost: h\r\n${"a: b\r\n".repeat(300)}\r\n`, 431],
    ["too large", `GET / HTTP/1.1\r\nHost: h\r\na: ${"b".repeat(100_000)}\r\n\r\n`, 431],
    ["too large, incomplete", `GET / HTTP/1.1\r\nHost: h\r\na: ${"b".repeat(100_000)}`, 431]
  ])("%s", (_what, text, status) => {
    const scene = new Scene().send(text)
    expect([scene.status, scene.counted(REFUSED)]).toEqual([`HTTP/1.1 ${status}`, 1])
    expect(scene.socket.calls.length).toBe(1)
  })

  test("a request that isn't forwarded keeps the connection and those behind it", () => {
    const scene = new Scene('[[routes]]\nhost = "a"\nupstream = ["http://127.0.0.1:8081"]\n')
    scene.send(GET + GET.replace("Host: h", "Host: a"))
    expect([scene.status, scene.socket.calls]).toEqual(["HTTP/1.1 404", []])
    scene.services.runDeferred()
    expect(scene.services.streams.length).toBe(1)
  })

  test("too many requests, too many that wait", () => {
    const scene = new Scene()
    scene.services.allowsRequests = false
    expect(scene.send(GET).status).toBe("HTTP/1.1 429")
    scene.socket.take()
    scene.services.allowsRequests = true
    const [upstream] = scene.services.generation.upstreams.values()
    upstream!.connecting = upstream!.settings.pending
    expect(scene.send(GET).status).toBe("HTTP/1.1 503")
    expect(scene.services.streams.length).toBe(0)
  })

  test.each([
    ["garbage", "nonsense\r\n\r\n"],
    ["a head that is too large", `HTTP/1.1 200 OK\r\nA: ${"b".repeat(300_000)}`],
    ["an upgrade nobody asked for", "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"]
  ])("an upstream that answers with %s", (_what, answer) => {
    const scene = new Scene().send(GET).answer(answer)
    expect([scene.status, scene.counted(UPSTREAM_FAILURES), scene.stream.calls.at(-1)]).toEqual([
      "HTTP/1.1 502",
      1,
      "drop"
    ])
  })

  test("HEAD has no body, nor has its error page", () => {
    const scene = new Scene().send(GET.replace("GET", "HEAD"))
    scene.stream.downstream!.upstreamEnded(true)
    scene.stream.downstream!.upstreamEnded(true)
    expect(scene.socket.text).toEndWith("\r\n\r\n")
  })

  test("a chunked response that breaks", () => {
    const scene = new Scene().send(GET).answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n").answer("x\r\n")
    expect([scene.socket.calls, scene.stream.calls]).toEqual([["terminate"], ["connect", "drop"]])
  })
})

describe("a slow client", () => {
  test("pauses the upstream until it has read", () => {
    const scene = new Scene().send(GET)
    scene.socket.room = 10
    scene.answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", true)
    expect(scene.stream.isPaused).toBe(true)
    scene.drain(5)
    expect(scene.stream.isPaused).toBe(true)
    scene.drain()
    expect(scene.stream.isPaused).toBe(false)
    scene.answer("cd")
    expect(scene.socket.text).toEndWith("\r\n\r\nabcd")
  })

  test("that doesn't read its responses is not read either", () => {
    const scene = new Scene().send(GET)
    scene.socket.room = 10
    scene.answer(OK)
    expect(scene.socket.isPaused).toBe(true)
    expect(scene.stream.calls).toEqual(["connect", "release"])
    scene.drain()
    expect([scene.socket.isPaused, scene.socket.text.endsWith("ok")]).toEqual([false, true])
  })

  test("that sends many requests at once is paused", () => {
    const scene = new Scene().send(GET).send("a".repeat(65_536))
    expect(scene.socket.isPaused).toBe(false)
    scene.send("a")
    expect(scene.socket.isPaused).toBe(true)
  })

  test("that ended its half gets its response, then the connection closes", () => {
    const scene = new Scene().send(GET)
    scene.client.peerEnded()
    scene.socket.room = 10
    scene.answer(OK)
    expect(scene.socket.calls).not.toContain("close")
    scene.drain()
    expect([scene.socket.text.endsWith("ok"), scene.socket.calls.at(-1)]).toEqual([true, "close"])
  })

  test("that resets", () => {
    const scene = new Scene().send(GET)
    scene.socket.isReset = true
    scene.answer(OK)
    expect([scene.socket.calls, scene.stream.calls]).toEqual([["terminate"], ["connect", "drop"]])
  })
})

describe("time-outs", () => {
  test("before a request: closed; within its head: 408", () => {
    const idle = new Scene()
    idle.services.pass(600_000)
    expect([idle.socket.calls, idle.counted(IDLE_TIMEOUTS), idle.closed]).toEqual([["close"], 1, [true]])
    const head = new Scene().send("GET /")
    head.services.pass(60_000)
    expect([head.status, head.counted(HEAD_TIMEOUTS)]).toEqual(["HTTP/1.1 408", 1])
  })
  test("of the upstream: 504, or a reset within the response", () => {
    const scene = new Scene().send(GET)
    scene.services.pass(600_000)
    expect([scene.status, scene.counted(UPSTREAM_TIMEOUTS), scene.stream.calls.at(-1)]).toEqual([
      "HTTP/1.1 504",
      1,
      "drop"
    ])
    const half = new Scene().send(GET).answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    half.services.pass(600_000)
    expect([half.socket.calls, half.counted(UPSTREAM_TIMEOUTS)]).toEqual([["terminate"], 1])
  })
  test("of the body: 408; of a client that doesn't read: a reset", () => {
    const body = new Scene().send(post(4))
    body.services.pass(600_000)
    expect([body.status, body.counted(IDLE_TIMEOUTS)]).toEqual(["HTTP/1.1 408", 1])
    const reader = new Scene().send(GET)
    reader.socket.room = 10
    reader.answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")
    reader.services.pass(600_000)
    expect([reader.socket.calls.at(-1), reader.counted(IDLE_TIMEOUTS)]).toEqual(["terminate", 1])
  })
})

describe("ends", () => {
  test("a client that goes drops its exchange", () => {
    const scene = new Scene()
    scene.services.openLog()
    scene.send(GET)
    scene.client.onClosed()
    expect([scene.stream.calls, scene.counted(CLIENT_ABORTS), scene.closed]).toEqual([["connect", "drop"], 1, [true]])
    expect(scene.services.logged.map(({ status, method }) => [status, method])).toEqual([[499, "GET"]])
  })
  test("FIN within a request resets; before one, it closes", () => {
    const within = new Scene().send(post(4, "a"))
    within.client.peerEnded()
    expect(within.socket.calls).toEqual(["terminate"])
    const before = new Scene()
    before.client.peerEnded()
    expect(before.socket.calls).toEqual(["close"])
  })
  test("the log has status and bytes", () => {
    const scene = new Scene()
    scene.services.openLog()
    scene.send("GET /x HTTP/1.1\r\nHost: h\r\nUser-Agent: u\r\nReferer: r\r\n\r\n").answer(OK)
    expect(scene.services.logged).toMatchObject([{ target: "/x", status: 200, bytes: 2, userAgent: "u", referer: "r" }])
  })
  test("at shutdown: idle closes, a new one has a moment, an exchange is completed", () => {
    const idle = new Scene().send(GET).answer(OK)
    idle.client.stop()
    expect(idle.socket.calls).toEqual(["close"])
    const fresh = new Scene()
    fresh.client.stop()
    expect(fresh.socket.calls).toEqual([])
    fresh.services.pass(1200)
    expect(fresh.socket.calls).toEqual(["close"])
    const busy = new Scene().send(GET)
    busy.client.stop()
    busy.answer(OK)
    expect([busy.socket.text.includes("Connection: close"), busy.socket.calls]).toEqual([true, ["close"]])
  })
  test("TLS ends by its own message, and its object is not used again", () => {
    const scene = new Scene(ONE_ROUTE, false)
    scene.client.peerEnded()
    expect([scene.socket.calls, scene.closed]).toEqual([["end"], [false]])
    scene.client.abort()
    expect(scene.closed).toEqual([false])
  })
  test("a read error resets", () => {
    const scene = new Scene()
    scene.client.onReadError()
    expect(scene.socket.calls).toEqual(["terminate"])
  })
})

describe("a tunnel", () => {
  const UPGRADE = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
  const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
  const open = (early = "", late = "") => {
    const scene = new Scene()
    scene.services.openLog()
    return scene.send(UPGRADE + early).answer(SWITCHING + late, true)
  }

  test("carries bytes both ways, early ones too", () => {
    const scene = open("early", "late")
    expect([scene.counted(TUNNELS), scene.stream.calls]).toEqual([1, ["connect", "detachEpoll", "attach"]])
    expect(scene.stream.text).toEndWith("early")
    expect(scene.socket.take()).toEndWith("late")
    scene.send("a").answer("b").answer("c", true)
    expect([scene.stream.text.at(-1), scene.socket.text]).toEqual(["a", "bc"])
  })
  test("backpressure of both sides", () => {
    const scene = open()
    scene.stream.takesAll = false
    scene.send("a")
    expect(scene.socket.isPaused).toBe(true)
    scene.stream.downstream!.upstreamDrained()
    expect(scene.socket.isPaused).toBe(false)
    scene.socket.room = 0
    scene.answer("b")
    expect(scene.stream.isPaused).toBe(true)
    scene.drain()
    expect(scene.stream.isPaused).toBe(false)
  })
  test("each half closes alone; the upstream first, the client first", () => {
    const first = open()
    first.socket.room = 0
    first.answer("b")
    first.stream.downstream!.upstreamEnded(true)
    expect(first.socket.calls).toEqual([])
    first.drain()
    expect(first.socket.calls).toEqual(["shutdown"])
    first.client.peerEnded()
    expect(first.stream.calls).toContain("shutdown")
    const second = open()
    second.client.peerEnded()
    second.stream.downstream!.upstreamDrained()
    second.stream.downstream!.upstreamEnded(true)
    expect([second.stream.calls.at(-1), second.socket.calls, second.closed]).toEqual(["drop", ["close"], [false]])
    expect(second.services.logged.map(({ status }) => status)).toEqual([101])
  })
  test("a lost upstream or the time-out resets", () => {
    const lost = open()
    lost.stream.downstream!.upstreamEnded(false)
    expect(lost.socket.calls).toEqual(["terminate"])
    const idle = open()
    idle.services.pass(100_000_000)
    expect([idle.socket.calls, idle.stream.calls.at(-1)]).toEqual([["terminate"], "drop"])
  })
})

describe("a PROXY header", () => {
  test("comes before the first request, in pieces", () => {
    const scene = new Scene()
    scene.client.expectProxyHeader(bytesOf("80"))
    scene.send("PROXY TCP4 198.51.100.1 ").send(`198.51.100.2 1000 443\r\n${GET}`)
    expect([scene.headers.length, scene.headers[0]!.family, scene.services.streams.length]).toEqual([1, 4, 1])
  })
  test("must not be broken", () => {
    const scene = new Scene()
    scene.client.expectProxyHeader(bytesOf("80"))
    scene.send(GET)
    expect([scene.socket.calls, scene.counted(REFUSED)]).toEqual([["terminate"], 1])
  })
})
