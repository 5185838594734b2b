/**
 * Random HTTP/1 requests and responses in clear text: real clients and servers, and such as a parser must give up on. No Date header
 * (random-capture.ts says why).
 */
import type { Random } from "./random.ts"

const USER_AGENTS = [
  "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Version/17.0 Mobile/15E148 Safari/604.1",
  "curl/7.88.1",
  "Wget/1.21.3",
  "Googlebot/2.1 (+http://www.google.com/bot.html)",
  "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
  "a|b=c]d"
]

/** Header lists as the clients send them, in order; UA stands for a User-Agent. */
const REQUESTS: ReadonlyArray<ReadonlyArray<string>> = [
  [
    "Host: example.com",
    "User-Agent: UA",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: LANG",
    "Accept-Encoding: gzip, deflate",
    "Connection: keep-alive"
  ],
  ["Host: example.com", "User-Agent: UA", "Accept: */*"],
  ["User-Agent: UA", "Accept: */*", "Accept-Encoding: identity", "Host: example.com", "Connection: Keep-Alive"],
  [
    "Host: example.com",
    "Connection: keep-alive",
    "Cache-Control: max-age=0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
    "User-Agent: UA",
    "Accept-Encoding: gzip,deflate,sdch",
    "Accept-Language: LANG"
  ],
  [
    "Host: example.com",
    "Connection: Keep-alive",
    "Accept: */*",
    "From: googlebot(at)googlebot.com",
    "User-Agent: UA",
    "Accept-Encoding: gzip,deflate"
  ]
]

const RESPONSES: ReadonlyArray<ReadonlyArray<string>> = [
  ["Server: nginx/1.22.1", "Content-Type: text/html", "Content-Length: 2", "Connection: keep-alive"],
  [
    "Server: Apache/2.4.57 (Debian)",
    "Content-Length: 2",
    "Keep-Alive: timeout=5, max=100",
    "Connection: Keep-Alive",
    "Content-Type: text/html"
  ],
  ["Content-Type: text/html", "Server: Microsoft-IIS/10.0", "X-Powered-By: ASP.NET", "Content-Length: 2"],
  ["Connection: close", "Content-Type: text/plain"],
  ["Server: lighttpd/1.4.69", "Content-Length: 2", "Content-Type: text/html", "Accept-Ranges: bytes"]
]

const EXTRAS = [
  "Cookie: a=b",
  "Referer: http://example.net/x",
  "Via: 1.1 proxy",
  "X-Forwarded-For: 192.0.2.9",
  "Via:",
  "X-Unknown: v|w=x]y",
  "Range: bytes=0-1",
  "Accept-Charset: utf-8",
  "Keep-Alive: 300",
  "X-Empty: ",
  `X-Long: ${"v".repeat(250)}`
]

const LANGUAGES = ["en-US,en;q=0.5", "de", "fr-FR", "pl,en;q=0.7", "xx", "EN-us", "eng", "e", "", "zh-CN,zh;q=0.9"]

const encoder = new TextEncoder()

/** A request, as a rule one that p0f reads to its end. */
export function randomRequest(random: Random): Uint8Array {
  const line = random.chance(90)
    ? `${random.pick(["GET", "GET", "GET", "HEAD"])} ${random.pick(["/", "/index.html?a=b", `/${"p".repeat(random.below(1100))}`])} HTTP/1.${random.below(2)}`
    : random.pick([
        "POST / HTTP/1.1",
        "GET http://example.com/ HTTP/1.1",
        "GET / HTTP/2.0",
        "OPTIONS * HTTP/1.1",
        "GET /\u0001 HTTP/1.1",
        "GET /"
      ])
  const agent = random.pick(USER_AGENTS)
  const language = random.pick(LANGUAGES)
  const headers = random.pick(REQUESTS).map((header) => header.replace("UA", agent).replace("LANG", language))
  return message(random, line, headers)
}

/** A response without body, or with two bytes of one. */
export function randomResponse(random: Random): Uint8Array {
  const line = random.chance(92)
    ? `HTTP/1.${random.below(2)} ${random.pick(["200 OK", "404 Not Found", "301 Moved Permanently"])}`
    : random.pick(["HTTP/2 200", "SSH-2.0-OpenSSH_9.2", "ICY 200 OK", "HTTP/1.1"])
  return message(random, line, random.pick(RESPONSES), random.chance(50) ? "ok" : "")
}

function message(random: Random, line: string, given: ReadonlyArray<string>, body = ""): Uint8Array {
  const headers = [...given]
  for (let extra = random.chance(30) ? random.between(1, 3) : 0; extra > 0; extra--)
    headers.splice(random.below(headers.length + 1), 0, random.pick(EXTRAS))
  if (random.chance(5)) headers.splice(random.below(headers.length), 1)
  if (random.chance(3)) headers.push(random.pick(["no colon", "Bad Name: x", `${"N".repeat(33)}: x`, ": x", "Tab:\tx"]))
  if (random.chance(1)) for (let i = 0; i < 30; i++) headers.push(`X-${i}: y`)
  const end = random.chance(90) ? "\r\n" : "\n"
  return encoder.encode([line, ...headers, "", body].join(end))
}
