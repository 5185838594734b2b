/**
 * Requests and responses that are right, and what RFC 9110 and RFC 9112 say must come out at the other side of a proxy.
 */

const HOST = "Host: h\r\n"
const GET = (fields: string, target = "/"): string => `GET ${target} HTTP/1.1\r\n${HOST}${fields}\r\n`

export interface ForwardingCase {
  readonly section: string
  readonly request: string
  /** Parts that the upstream must receive, and parts that it must not. */
  readonly has: ReadonlyArray<string>
  readonly hasNot: ReadonlyArray<string>
  /** Compared with upper and lower case; names of fields mean the same in either (RFC 9110 section 5.1). */
  readonly isExact: boolean
}

const forwards = (
  section: string,
  request: string,
  has: ReadonlyArray<string>,
  hasNot: ReadonlyArray<string> = [],
  isExact = false
): ForwardingCase => ({ section, request, has, hasNot, isExact })

export const FORWARDING_CASES: ReadonlyArray<ForwardingCase> = [
  forwards("9110 5.3 order and repetition", GET("A: 1\r\nB: 2\r\nA: 3\r\n"), ["\r\nA: 1\r\nB: 2\r\nA: 3\r\n"]),
  forwards("9110 5.1 case of names stays", GET("X-MiXeD: 1\r\n"), ["\r\nX-MiXeD: 1\r\n"], [], true),
  forwards("9110 5.5 obs-text stays", GET("A: \u00e9\u00ff\r\n"), ["\r\nA: \u00e9\u00ff\r\n"]),
  forwards("9112 5.1 white space inside stays", GET("A: a  b\tc\r\n"), ["a  b\tc\r\n"]),
  forwards("9112 3.2.1 the path stays as it is", GET("", "/a/../b//c/%2E%2e/%c3?d=%20&e"), [
    "GET /a/../b//c/%2E%2e/%c3?d=%20&e HTTP/1.1\r\n"
  ]),
  forwards("9112 3.2.1 bytes beyond ASCII in the path", GET("", "/\u00e9"), ["GET /\u00e9 HTTP/1.1\r\n"]),
  forwards(
    "9112 3.2.2 absolute form becomes origin form",
    `GET http://h/x?y HTTP/1.1\r\n${HOST}\r\n`,
    ["GET /x?y HTTP/1.1\r\n", "\r\nHost: h\r\n"],
    ["http://h"]
  ),
  forwards("9112 3.2.4 OPTIONS *", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, ["OPTIONS * HTTP/1.1\r\n"]),
  forwards("9110 9.1 methods are case-sensitive", `get / HTTP/1.1\r\n${HOST}\r\n`, ["get / HTTP/1.1\r\n"], [], true),
  forwards("9110 9.1 unknown methods go on", `BREW /pot HTTP/1.1\r\n${HOST}\r\n`, ["BREW /pot HTTP/1.1\r\n"]),
  forwards("9112 2.3 a proxy sends its own version", `GET / HTTP/1.0\r\n${HOST}\r\n`, ["GET / HTTP/1.1\r\n"]),
  forwards("9112 2.3 a later minor version is 1.1", `GET / HTTP/1.9\r\n${HOST}\r\n`, ["GET / HTTP/1.1\r\n"]),
  forwards("9110 7.6.1 Connection goes no further", GET("Connection: keep-alive\r\n"), [], ["keep-alive"]),
  forwards(
    "9110 7.6.1 nor what it names",
    GET("Connection: A, b\r\nA: 1\r\nB: 2\r\nC: 3\r\n"),
    ["\r\nC: 3\r\n"],
    ["\r\nA: 1", "\r\nB: 2"]
  ),
  forwards(
    "9110 7.6.1 of several Connection fields",
    GET("Connection: A\r\nA: 1\r\nConnection: B\r\nB: 2\r\n"),
    [],
    ["\r\nA: 1", "\r\nB: 2"]
  ),
  forwards("9110 7.6.1 Keep-Alive", GET("Keep-Alive: timeout=5\r\n"), [], ["timeout=5"]),
  forwards("9110 7.6.1 Proxy-Connection", GET("Proxy-Connection: keep-alive\r\n"), [], ["Proxy-Connection"]),
  forwards("9110 10.1.4 TE", GET("TE: trailers, deflate\r\nConnection: TE\r\n"), [], ["deflate"]),
  forwards(
    "9110 7.8 an upgrade that is asked for goes on with its Connection",
    GET("Connection: Upgrade\r\nUpgrade: websocket\r\n"),
    ["\r\nUpgrade: websocket\r\n", "\r\nConnection: "]
  ),
  forwards("9110 7.8 Upgrade without Connection is for nobody", GET("Upgrade: websocket\r\n"), [], ["websocket"]),
  forwards(
    "9110 10.1.1 Expect goes on",
    `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`,
    ["\r\nExpect: 100-continue\r\n"]
  ),
  forwards("9112 6.2 a body by length", `POST / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`, [
    "\r\nContent-Length: 3\r\n",
    "\r\n\r\nabc"
  ]),
  forwards("9112 6.2 a length of 0", `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`, [
    "\r\nContent-Length: 0\r\n"
  ]),
  forwards("9110 9.3.1 GET with a body", `GET / HTTP/1.1\r\n${HOST}Content-Length: 3\r\n\r\nabc`, ["\r\n\r\nabc"]),
  forwards(
    "9112 7.1 chunks",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    ["\r\nTransfer-Encoding: chunked\r\n", "abc"],
    ["Content-Length"]
  ),
  forwards(
    "9112 7.1.2 trailers",
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n`,
    ["\r\n0\r\nX-Sum: 1\r\n\r\n"]
  ),
  forwards("9110 8.3 fields that nobody knows", GET("X-Unknown: 1\r\nAuthorization: Basic eA==\r\nCookie: a=b\r\n"), [
    "\r\nX-Unknown: 1\r\nAuthorization: Basic eA==\r\nCookie: a=b\r\n"
  ])
]

export interface AnsweringCase {
  readonly section: string
  readonly request: string
  readonly response: string
  /** Response that the client must receive. */
  readonly wanted: RegExp
}

const answers = (section: string, response: string, wanted: RegExp, request: string = GET("")): AnsweringCase => ({
  section,
  request,
  response,
  wanted
})

const HEAD = `HEAD / HTTP/1.1\r\n${HOST}\r\n`

export const ANSWERING_CASES: ReadonlyArray<AnsweringCase> = [
  answers(
    "9112 4 reason phrase",
    "HTTP/1.1 299 Any Thing\r\nContent-Length: 0\r\n\r\n",
    /^HTTP\/1\.1 299 Any Thing\r\n/i
  ),
  answers("9112 4 an empty reason phrase", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", /^HTTP\/1\.1 200 ?\r\n/i),
  answers(
    "9110 5.3 order, case and repetition",
    "HTTP/1.1 200 OK\r\nB: 1\r\nset-cookie: a\r\nA: 2\r\nSet-Cookie: b\r\nContent-Length: 0\r\n\r\n",
    /\r\nB: 1\r\nset-cookie: a\r\nA: 2\r\nSet-Cookie: b\r\n/i
  ),
  answers("9110 5.5 obs-text", "HTTP/1.1 200 OK\r\nA: \u00e9\r\nContent-Length: 0\r\n\r\n", /\r\nA: \u00e9\r\n/i),
  answers(
    "9110 2.5 its own version",
    "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    /^HTTP\/1\.1 200 OK\r\n[^]*ok$/i
  ),
  answers("9110 6.6.1 a Date is added", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", /\r\nDate: \w{3}, /i),
  answers("9112 6.3 until the connection closes", "HTTP/1.1 200 OK\r\n\r\nall of it", /\r\n\r\n(?:9\r\n)?all of it/i),
  answers(
    "9112 6.3 HEAD has no body",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    /\r\nContent-Length: 9\r\n(?:[^]*\r\n)?\r\n$/,
    HEAD
  ),
  answers(
    "9112 6.3 204 has no body",
    "HTTP/1.1 204 No Content\r\n\r\n",
    /^HTTP\/1\.1 204 No Content\r\n(?:[^]*\r\n)?\r\n$/i
  ),
  answers(
    "9112 6.3 304 has no body",
    'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n',
    /^HTTP\/1\.1 304 Not Modified\r\n[^]*ETag: "x"\r\n(?:[^]*\r\n)?\r\n$/i
  ),
  answers(
    "9112 7.1 chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    /\r\nTransfer-Encoding: chunked\r\n(?:[^]*\r\n)?\r\n3\r\nabc\r\n0\r\n\r\n$/i
  ),
  answers(
    "9112 7.1.2 trailers",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
    /\r\n0\r\nX-Sum: 1\r\n\r\n$/i
  ),
  answers(
    "9110 15.2 100 comes through",
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*ok$/i,
    `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n`
  ),
  answers(
    "9110 15.2 103 comes through",
    "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*ok$/i
  ),
  answers(
    "9110 15.2 but not to HTTP/1.0",
    "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    /^HTTP\/1\.1 200 OK\r\n[^]*ok$/i,
    "GET / HTTP/1.0\r\n\r\n"
  ),
  answers(
    "9112 7.1 chunks are taken apart for HTTP/1.0",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    /\r\n\r\nabc$/i,
    "GET / HTTP/1.0\r\n\r\n"
  ),
  answers(
    "9110 7.6.1 Connection and what it names stay behind",
    "HTTP/1.1 200 OK\r\nConnection: A\r\nA: 1\r\nKeep-Alive: timeout=5\r\nB: 2\r\nContent-Length: 2\r\n\r\nok",
    /^(?![^]*\r\nA: 1)(?![^]*timeout=5)[^]*\r\nB: 2\r\n[^]*ok$/i
  ),
  answers(
    "9110 7.8 a switch that nobody asked for",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n",
    /^HTTP\/1\.1 502 /i
  ),
  answers(
    "9112 6.3 two lengths",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
    /^HTTP\/1\.1 502 /i
  ),
  answers(
    "9112 6.3 a length and chunks",
    "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    /^HTTP\/1\.1 502 /i
  ),
  answers("9112 6.3 a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: 2x\r\n\r\nok", /^HTTP\/1\.1 502 /i),
  answers(
    "9112 5.1 space before the colon",
    "HTTP/1.1 200 OK\r\nA : b\r\nContent-Length: 0\r\n\r\n",
    /^HTTP\/1\.1 502 /i
  ),
  answers("9112 5.2 obs-fold", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n", /^HTTP\/1\.1 502 /i),
  answers("9112 2.2 a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", /^HTTP\/1\.1 502 /i),
  answers("9112 4 no HTTP", "220 smtp.example.org ESMTP\r\n", /^HTTP\/1\.1 502 /i)
]
