import { expect, test } from "bun:test"
import { BUILTIN, BUILTIN_DATABASE } from "../database/builtin.ts"
import { readDatabases } from "../database/reader.ts"
import { explain, type Explanation } from "./explain.ts"
import { printExplanation } from "./text.ts"
import { RESPONSE } from "../direction.ts"
import { ParseError } from "../parse-error.ts"

const SMALL = `classes = win,unix
[mtu]
label = Ethernet
sig = 1500
label = tunnel
sig = 1440
[tcp:request]
;@ evidence=measured; date=2026-11
label = s:unix:Linux:new
sig = *:64:0:*:mss*max,*:mss,sok,ts,nop,ws:df,id+:0
;@ note=clamped
sig = *:64:0:*:64240,*:mss,sok,ts,nop,ws:df,id+:0
label = g:unix:Linux:
sig = *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
label = s:win:Windows:
sig = *:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0
label = s:!:NMap:
sys = @unix
sig = *:64-:0:1460:1024,0:mss::0
[tcp:response]
label = s:unix:Linux:server
sig = *:64:0:*:mss*45,*:mss,sok,ts,nop,ws:df:0
`
const small = readDatabases([{ name: "small.fp", text: SMALL }], "modern").database!
const builtin = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern").database!

function explained(text: string, ...rest: [] | [1]): Explanation {
  const explanation = explain(text, small, ...rest)
  if (explanation instanceof ParseError) throw new Error(explanation.message)
  return explanation
}

test("a raw signature whose MSS was lowered on the way", () => {
  expect(printExplanation(explained("4:57+7:0:1400:mss*44,10:mss,sok,ts,nop,ws:df,id+:0"))).toMatchInlineSnapshot(`
    "4:57+7:0:1400:mss*44,10:mss,sok,ts,nop,ws:df,id+:0

      ver      4       IPv4
      ittl     57+7    received with TTL 57, sent with 64 by the usual guess: 7 hops
      olen     0       no IP options
      mss      1400    MTU 1440 (1400 + 40 of headers), link "tunnel"
      wsize    mss*44  64240 = 44 * 1460, the largest multiple of 1460 up to 64 KiB: sent from Ethernet, the MSS was lowered on the way
               or      61600 = 44 * 1400
               or      61072 = 44 * 1388
               or      63712 = 44 * 1448
      scale    10      the window counts in units of 1024 bytes
      olayout  mss     maximum segment size (RFC 9293)
               sok     selective acknowledgements permitted (RFC 2018)
               ts      timestamps (RFC 7323)
               nop     padding that aligns what follows
               ws      window scale (RFC 7323)
      quirks   df      don't fragment is set: path MTU discovery
               id+     IP ID is not 0 although don't fragment is set
      pclass   0       no data in the SYN

      path  clamped  the window counts in MSS 1460: something on the way lowered it

      match  Linux new (exact)
             small.fp:12  *:64:0:*:64240,*:mss,sok,ts,nop,ws:df,id+:0
             wsize        taken as 64240
             hops         7
             evidence     measured
             date         2026-11
             note         clamped

      near   Linux (generic)
             small.fp:14  *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
             differs      in nothing that the signature says"
  `)
})

test("IPv6 with a flow label", () => {
  expect(printExplanation(explained("6:64+0:0:1440:mss*45,7:mss,sok,ts,nop,ws:flow:0"))).toMatchInlineSnapshot(`
    "6:64+0:0:1440:mss*45,7:mss,sok,ts,nop,ws:flow:0

      ver      6       IPv6
      ittl     64+0    received with TTL 64, sent with 64 by the usual guess: 0 hops
      olen     0       none in IPv6
      mss      1440    MTU 1500 (1440 + 60 of headers), link "Ethernet"
      wsize    mss*45  64800 = 45 * 1440, the largest multiple of the MSS up to 64 KiB: the sender's own interface has this MTU
               or      64260 = 45 * 1428
               or      65160 = 45 * 1448
      scale    7       the window counts in units of 128 bytes
      olayout  mss     maximum segment size (RFC 9293)
               sok     selective acknowledgements permitted (RFC 2018)
               ts      timestamps (RFC 7323)
               nop     padding that aligns what follows
               ws      window scale (RFC 7323)
      quirks   flow    IPv6 flow label is not 0: the modern mode ignores it
      pclass   0       no data in the SYN

      path  unknown  full size: no small interface shows in it, and nobody lowered it

      match  Linux new (exact)
             small.fp:10  *:64:0:*:mss*max,*:mss,sok,ts,nop,ws:df,id+:0
             wsize        taken as 64800
             hops         0
             evidence     measured
             date         2026-11

      near   Linux (generic)
             small.fp:14  *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
             differs      in nothing that the signature says"
  `)
})

test("a fuzzy match says what it tolerates", () => {
  expect(printExplanation(explained("4:60+4:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+,ecn:0")))
    .toMatchInlineSnapshot(`
    "4:60+4:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+,ecn:0

      ver      4     IPv4
      ittl     60+4  received with TTL 60, sent with 64 by the usual guess: 4 hops
      olen     0     no IP options
      mss      1460  MTU 1500 (1460 + 40 of headers), link "Ethernet"
      wsize    8192  bytes, no multiple of the MSS
      scale    8     the window counts in units of 256 bytes
      olayout  mss   maximum segment size (RFC 9293)
               nop   padding that aligns what follows
               ws    window scale (RFC 7323)
               nop   padding that aligns what follows
               nop   padding that aligns what follows
               sok   selective acknowledgements permitted (RFC 2018)
      quirks   df    don't fragment is set: path MTU discovery
               id+   IP ID is not 0 although don't fragment is set
               ecn   ECN is asked for, or ECN bits are set in the IP header
      pclass   0     no data in the SYN

      path  unknown            the window doesn't tell
            ttl-below-initial  no path has that many hops from the stack's initial TTL: the hops are a guess from a lower one

      match  Windows (fuzzy)
             small.fp:16  *:128:0:*:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0
             hops         4
             ittl         wants 128, has 60 (tolerated)
             quirks       wants df,id+, has df,id+,ecn (tolerated)

      near   Linux (generic)
             small.fp:14  *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
             olayout      wants mss,sok,ts,nop,ws, has mss,nop,ws,nop,nop,sok
             quirks       wants df,id+, has df,id+,ecn (tolerated)"
  `)
})

test("nothing known, with odd options and quirks", () => {
  expect(printExplanation(explained("4:92+?:4:0:1337,0:?30,sack,?99,eol+2:0+,seq-,opt+,bad:+"))).toMatchInlineSnapshot(`
    "4:92+?:4:0:1337,0:?30,sack,?99,eol+2:0+,seq-,opt+,bad:+

      ver      4      IPv4
      ittl     92+?   received with TTL 92: 36 hops from 128 are more than 35 and not believed
      olen     4      4 bytes of IP options
      mss      0      the SYN has no MSS option
      wsize    1337   bytes
      scale    0      the SYN has no window scale option
      olayout  ?30    Multipath TCP (RFC 8684)
               sack   selective acknowledgements: they have no place in a SYN
               ?99    option 99: no stack is known to send it in a SYN
               eol+2  end of the options, 2 bytes of padding after it
      quirks   0+     the reserved bit of the IPv4 header is set
               seq-   sequence number is 0: no ordinary stack chooses that
               opt+   padding after the end of the options is not 0
               bad    options are malformed
      pclass   +      data in the SYN

      match  no line

      near   NMap
             small.fp:19  *:64-:0:1460:1024,0:mss::0
             ittl         wants 64-, has 92
             olen         wants 0, has 4
             mss          wants 1460, has 0
             wsize        wants 1024, has 1337
             olayout      wants mss, has ?30,sack,?99,eol+2
             quirks       wants none, has 0+,seq-,opt+,bad
             pclass       wants 0, has +

      near   Linux (generic)
             small.fp:14  *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
             ittl         wants 64, has 92 (tolerated)
             olen         wants 0, has 4
             olayout      wants mss,sok,ts,nop,ws, has ?30,sack,?99,eol+2
             quirks       wants df,id+, has 0+,seq-,opt+,bad
             pclass       wants 0, has +

      near   Linux new
             small.fp:10  *:64:0:*:mss*max,*:mss,sok,ts,nop,ws:df,id+:0
             ittl         wants 64, has 92 (tolerated)
             olen         wants 0, has 4
             wsize        wants mss*max, has 1337
             olayout      wants mss,sok,ts,nop,ws, has ?30,sack,?99,eol+2
             quirks       wants df,id+, has 0+,seq-,opt+,bad
             pclass       wants 0, has +
             evidence     measured
             date         2026-11"
  `)
})

test("a scanner and a database line", () => {
  expect(printExplanation(explained("4:53+11:0:1460:1024,0:mss::0"))).toMatchInlineSnapshot(`
    "4:53+11:0:1460:1024,0:mss::0

      ver      4      IPv4
      ittl     53+11  received with TTL 53, sent with 64 by the usual guess: 11 hops
      olen     0      no IP options
      mss      1460   MTU 1500 (1460 + 40 of headers), link "Ethernet"
      wsize    1024   bytes, no multiple of the MSS
      scale    0      the SYN has no window scale option
      olayout  mss    maximum segment size (RFC 9293)
      quirks   -      none
      pclass   0      no data in the SYN

      match  NMap (exact, application)
             small.fp:19  *:64-:0:1460:1024,0:mss::0"
  `)
  expect(printExplanation(explained("*:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df,id+:*"))).toMatchInlineSnapshot(`
    "*:64:0:*:mss*20,*:mss,sok,ts,nop,ws:df,id+:*

      ver      *       IPv4 and IPv6
      ittl     64      initial TTL 64
      olen     0       no IP options
      mss      *       any: it depends on the link, not on the system
      wsize    mss*20  29200 = 20 * 1460
               or      28960 = 20 * 1448
      scale    *       any: it grows with the receive buffer
      olayout  mss     maximum segment size (RFC 9293)
               sok     selective acknowledgements permitted (RFC 2018)
               ts      timestamps (RFC 7323)
               nop     padding that aligns what follows
               ws      window scale (RFC 7323)
      quirks   df      don't fragment is set: path MTU discovery
               id+     IP ID is not 0 although don't fragment is set
      pclass   *       with or without data

      match  none reported

      near   Linux (generic)
             small.fp:14  *:64:0:*:*,*:mss,sok,ts,nop,ws:df,id+:0
             pclass       wants 0, has *

      near   Linux new
             small.fp:10  *:64:0:*:mss*max,*:mss,sok,ts,nop,ws:df,id+:0
             wsize        wants mss*max, has mss*20
             pclass       wants 0, has *
             evidence     measured
             date         2026-11

      note  a wild card in wsize, scale or pclass stands for many packets: only the nearest lines are reported"
  `)
})

test("a SYN+ACK is noticed, and matched as one when asked", () => {
  const text = "4:64+0:0:1460:mss*45,10:mss,sok,ts,nop,ws:df:0"
  expect(explained(text).notes).toEqual(["as a SYN+ACK it would be Linux server"])
  expect(explained(text, RESPONSE).match?.line.title).toBe("Linux server")
  expect(explained(text, RESPONSE).match?.line.section).toBe("tcp:response")
})

test("the explanation is plain JSON", () => {
  const explanation = explained("4:57+7:0:1400:mss*44,10:mss,sok,ts,nop,ws:df,id+:0")
  expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation)
  expect(explanation.match?.line).toEqual({
    title: "Linux new",
    section: "tcp:request",
    generic: false,
    userland: false,
    signature: "*:64:0:*:64240,*:mss,sok,ts,nop,ws:df,id+:0",
    file: "small.fp",
    line: 12,
    attributes: { evidence: "measured", date: "2026-11", note: "clamped" }
  })
  expect(explanation.match).toMatchObject({ matchQuality: 0, fuzzy: false, hops: 7, window: "64240" })
})

test("hops that no p0f would print are noticed", () => {
  expect(explained("4:57+9:0:1460:mss*44,10:mss,sok,ts,nop,ws:df,id+:0").notes[0]).toStartWith("ittl: p0f would print")
})

const BROKEN: ReadonlyArray<readonly [text: string, message: string]> = [
  ["", "signature: 1 of 8 fields"],
  ["hello", "signature: 1 of 8 fields"],
  ["5:64:0:1460:1024,0:mss::0", "ver: '5'"],
  ["4:0:0:1460:1024,0:mss::0", "ittl: '0'"],
  ["4:64:x:1460:1024,0:mss::0", "olen: 'x'"],
  ["4:64:0:70000:1024,0:mss::0", "mss: '70000'"],
  ["4:64:0:1460:mss*,0:mss::0", "wsize: ''"],
  ["4:64:0:1460:1024,300:mss::0", "scale: '300'"],
  ["4:64:0:1460:1024,0:mss,soq::0", "olayout: 'soq'"],
  ["*:64:0:*:*,*:mss,sok,ts~,nop,ws:df,id+:0", "olayout: 'ts~' stands for several layouts"],
  ["4:64:0:1460:1024,0:mss:dfx:0", "quirks: 'dfx'"],
  ["4:64:0:1460:1024,0:mss::x", "pclass: 'x'"]
]
for (const [text, message] of BROKEN) {
  test(`an error names the field: ${text}`, () => {
    const explanation = explain(text, small)
    expect(explanation instanceof ParseError && explanation.message).toStartWith(message)
  })
}

test("lines that p0f does not know", () => {
  expect(printExplanation(explained("*:64:*:*:mss*clamped,7:mss,sok,ts,nop,ws:df,ecn?:0"))).toContain(`
  ver      *            IPv4 and IPv6
  ittl     64           initial TTL 64
  olen     *            any IP options
  mss      *            any: it depends on the link, not on the system
  wsize    mss*clamped  mss*max of a usual interface above the SYN's MSS: lowered on the way`)
  const meanings = (text: string): ReadonlyArray<string> =>
    explained(text).fields.map(({ field, value, meaning }) => `${field} ${value}: ${meaning}`)
  expect(meanings("4:64:0:1400:mss*clamped,7:mss,sok,ts,nop,ws:df,ecn?:0")).toContain(
    "wsize mss*clamped: 64240 = 44 * 1460, the largest multiple of 1460 up to 64 KiB: sent from Ethernet, the MSS was lowered on the way"
  )
  expect(meanings("4:64:0:1400:mss*clamped,7:mss,sok,ts,nop,ws:df,ecn?:0")).toContain(
    "quirks ecn?: ECN is asked for, or ECN bits are set in the IP header, or not"
  )
  expect(meanings("*:64:0:*:mss*max<=43690,*:mss::0")).toContain("wsize mss*max<=43690: floor(43690 / MSS) * MSS")
  expect(meanings("4:64:0:1460:mss*20/ws,7:mss,sok,ts,nop,ws:df:0")).toContain(
    "wsize mss*20/ws: 29184 = 20 * 1460 rounded down"
  )
  expect(meanings("4:64:0:0:*,0::seq=dst:0")).toContain(
    "quirks seq=dst: sequence number is the destination's IPv4 address: Mirai's scanner"
  )
})

test("every line of the built-in database is its own nearest or match", () => {
  for (const line of builtin.requests) {
    const { signature } = line
    if (signature.winType === 1 || signature.scale === -1 || signature.pclass === -1) continue
    const text = BUILTIN_DATABASE.split("\n")[line.line - 1]!.replace(/^sig +=\s*/, "")
    const explanation = explain(text, builtin)
    if (explanation instanceof ParseError) throw new Error(explanation.message)
    const titles = [explanation.match?.line.title, ...explanation.nearest.map(({ title }) => title)]
    expect(titles).toContain(line.title)
    expect(printExplanation(explanation)).not.toContain("undefined")
  }
})
