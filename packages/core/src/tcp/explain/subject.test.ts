/**
 * Texts of signatures: the windows that they stand for, and how far they are from a line of the database.
 */
import { expect, test } from "bun:test"
import { TCP_ACK, TCP_SYN } from "../../packet/packet.ts"
import { QUIRK_DF, QUIRK_NZ_ID } from "../../packet/quirks.ts"
import { REQUEST, RESPONSE } from "../direction.ts"
import { ParseError } from "../parse-error.ts"
import { parseSignature } from "../signature/parser.ts"
import { differences, farness } from "./difference.ts"
import { explainFields } from "./fields.ts"
import { hasTimestamp, hopsAgree, isConcrete, packetOf, parseSubject, type Subject } from "./subject.ts"

function subjectOf(text: string): Subject {
  const subject = parseSubject(text)
  if (subject instanceof ParseError) throw new Error(subject.message)
  return subject
}

const windows = (text: string): ReadonlyArray<string> =>
  subjectOf(text).windows.map(({ win, product }) => (product === undefined ? String(win) : `${win} = ${product}`))

test.each<readonly [text: string, ...windows: ReadonlyArray<string>]>([
  // Literals: a product where the MSS divides them; p0f looks at no MSS below 100.
  ["4:64:0:1460:64240,7:mss::0", "64240 = 44 * 1460"],
  ["4:64:0:1460:64241,7:mss::0", "64241"],
  ["4:64:0:100:1000,7:mss::0", "1000 = 10 * 100"],
  ["4:64:0:99:990,7:mss::0", "990"],
  ["4:64:0:0:1000,7:::0", "1000"],
  ["4:64:0:*:1460,7:mss::0", "1460 = 1 * 1460"],
  ["6:64:0:*:1440,7:mss::0", "1440 = 1 * 1440"],
  ["4:64:0:*:1440,7:mss::0", "1440"],
  ["4:64:0:1460:0,7:mss::0", "0 = 0 * 1460"],
  // Segments: the MSS, less 12 with timestamps, 1460, 1448; of IPv6 1440 and 1428 as well.
  ["4:64:0:1400:mss*10,7:mss::0", "14000 = 10 * 1400", "14600 = 10 * 1460", "14480 = 10 * 1448"],
  [
    "4:64:0:1400:mss*10,7:mss,ts::0",
    "14000 = 10 * 1400",
    "13880 = 10 * 1388",
    "14600 = 10 * 1460",
    "14480 = 10 * 1448"
  ],
  ["4:64:0:1400:mss*10,7:mss,ts:ts1-:0", "14000 = 10 * 1400", "14600 = 10 * 1460", "14480 = 10 * 1448"],
  [
    "6:64:0:1400:mss*10,7:mss::0",
    "14000 = 10 * 1400",
    "14600 = 10 * 1460",
    "14480 = 10 * 1448",
    "14400 = 10 * 1440",
    "14280 = 10 * 1428"
  ],
  // A window above 16 bits is none: 46 * 1448 is above, 46 * 1400 not.
  ["4:64:0:1400:mss*46,7:mss::0", "64400 = 46 * 1400"],
  ["4:64:0:1400:mss*47,7:mss::0"],
  // A window that an earlier divisor divides would be printed as its multiple: 1460 * 7 is 73 * 140.
  ["4:64:0:140:mss*7,7:mss::0", "980 = 7 * 140", "10136 = 7 * 1448"],
  // Multiples of the MTU: the MSS with 40 bytes, with the headers, of IPv6 with 60, and 1500; but not what a divisor of the MSS divides.
  ["4:64:0:1400:mtu*10,7:mss,sok::0", "14400 = 10 * 1440", "15000 = 10 * 1500"],
  ["4:64:4:1390:mtu*10,7:mss,sok,ts,nop,ws::0", "14300 = 10 * 1430", "14540 = 10 * 1454", "15000 = 10 * 1500"],
  ["6:64:0:1400:mtu*10,7:mss::0", "14640 = 10 * 1464", "15000 = 10 * 1500"],
  ["6:64:0:1390:mtu*10,7:mss::0", "14300 = 10 * 1430", "14540 = 10 * 1454", "14500 = 10 * 1450", "15000 = 10 * 1500"],
  // Rules of modern mode.
  ["4:64:0:1460:mss*max,7:mss::0", "64240 = 44 * 1460"],
  ["4:64:0:1460:mss*max<=32768,7:mss::0", "32120 = 22 * 1460"],
  ["4:64:0:1460:mss*20/ws,7:mss,ws::0", "29184 = 20 * 1460 rounded down"],
  ["4:64:0:1460:mss*20/ws,*:mss,ws::0"],
  // No one window.
  ["4:64:0:1460:mss*50/ws,1:mss,ws::0"],
  // Usual interfaces above the MSS: PPPoE is not, jumbo frames are.
  [
    "4:64:0:1452:mss*clamped,7:mss::0",
    "64240 = 44 * 1460",
    "62727 = 7 * 8961",
    "62720 = 7 * 8960",
    "61992 = 7 * 8856",
    "62587 = 7 * 8941",
    "62580 = 7 * 8940",
    "61852 = 7 * 8836"
  ],
  ["4:64:0:1460:*,7:mss::0"],
  ["4:64:0:1460:%1000,7:mss::0"]
])("windows of %s", (text, ...expected) => {
  expect(windows(text)).toEqual(expected)
})

test.each([
  ["4:64:0:1460:1,0:::0", 40],
  ["4:64:4:1460:1,0:::0", 44],
  ["4:64:*:1460:1,0:::0", 40],
  ["6:64:0:1460:1,0:::0", 60],
  ["4:64:0:1460:1,0:mss::0", 44],
  ["4:64:0:1460:1,0:nop::0", 44],
  ["4:64:0:1460:1,0:ws,nop::0", 44],
  ["4:64:0:1460:1,0:sok,sok::0", 44],
  ["4:64:0:1460:1,0:ts,nop,nop::0", 52],
  ["4:64:0:1460:1,0:?19,nop,nop::0", 60],
  ["4:64:0:1460:1,0:?30,?99::0", 44],
  ["4:64:0:1460:1,0:mss,eol+3::0", 48],
  ["4:64:0:1460:1,0:mss,eol+4::0", 52]
])("headers of %s have %i bytes", (text, bytes) => {
  expect(subjectOf(text).totHdr).toBe(bytes)
})

test("a text stands for a packet, of which every field is known", () => {
  const subject = subjectOf("  4:57+7:4:1400:mss*44,10:mss,ts,eol+3:df,id+,seq=dst:+ ")
  expect(subject).toMatchObject({
    text: "4:57+7:4:1400:mss*44,10:mss,ts,eol+3:df,id+,seq=dst:+",
    ttl: 57,
    hops: 7,
    ver: 4,
    mss: 1400
  })
  const packet = packetOf(subject, { win: 4711, product: undefined }, REQUEST)
  expect(packet).toMatchObject({
    ver: 4,
    ttl: 57,
    olen: 4,
    type: TCP_SYN,
    flags: TCP_SYN,
    win: 4711,
    mss: 1400,
    wscale: 10,
    ts1: 1,
    layoutLength: 3,
    pad: 3,
    quirks: QUIRK_DF | QUIRK_NZ_ID,
    totHdr: 24 + 20 + 20,
    payloadLength: 1
  })
  expect([...packet.layout.subarray(0, 4)]).toEqual([2, 8, 0, 0])
  expect(packet.dst0).toBe(packet.seq)
  expect(packetOf(subjectOf("6:64:0:1:1,0:mss::0"), { win: 1, product: undefined }, REQUEST).ver).toBe(6)
  const other = packetOf(subjectOf("*:64:*:*:1,0:nop:ts1-:0"), { win: 1, product: undefined }, RESPONSE)
  expect(other).toMatchObject({
    ver: 4,
    ttl: 64,
    olen: 0,
    type: TCP_SYN | TCP_ACK,
    mss: 0,
    ts1: 0,
    dst0: 0,
    payloadLength: 0
  })
  expect(hasTimestamp(subjectOf("4:64:0:1:1,0:ts::0").signature)).toBe(true)
  expect(hasTimestamp(subjectOf("4:64:0:1:1,0:ts:ts1-:0").signature)).toBe(false)
  expect(hasTimestamp(subjectOf("4:64:0:1:1,0:nop::0").signature)).toBe(false)
})

test("a text is concrete when its window, scale and payload are", () => {
  expect(isConcrete(subjectOf("*:64:0:*:1,0:mss::0"))).toBe(true)
  expect(isConcrete(subjectOf("*:64:0:*:1,0:mss::+"))).toBe(true)
  for (const text of [
    "4:64:0:1:1,*:mss::0",
    "4:64:0:1:1,0:mss::*",
    "4:64:0:1:*,0:mss::0",
    "4:64:0:1400:mss*900,0:mss::0"
  ])
    expect([text, isConcrete(subjectOf(text))]).toEqual([text, false])
})

test.each([
  ["4:57+7:0:1:1,0:::0", true],
  ["4:57+6:0:1:1,0:::0", false],
  ["4:57+?:0:1:1,0:::0", false],
  ["4:93+35:0:1:1,0:::0", true],
  ["4:92+?:0:1:1,0:::0", true],
  ["4:92+36:0:1:1,0:::0", false],
  ["4:64:0:1:1,0:::0", true]
])("the hops of %s are those of its TTL: %p", (text, agree) => {
  expect(hopsAgree(subjectOf(text))).toBe(agree)
})

test("what is no signature is an error", () => {
  expect(parseSubject("4:64:0:1460")).toBeInstanceOf(ParseError)
  expect(parseSubject(" 4:64:0:*:1,0:ts~:df:0")).toMatchObject({ offset: 13 })
})

/** Fields in which a text differs from a line: as `field wanted found weight`, with `~` where p0f's fuzzy match tolerates it. */
function differing(
  line: string,
  text: string,
  direction: typeof REQUEST | typeof RESPONSE = REQUEST
): ReadonlyArray<string> {
  const signature = parseSignature(line, "modern")
  if (signature instanceof ParseError) throw new Error(signature.message)
  const found = differences(signature, subjectOf(text), direction)
  expect(farness(found)).toBe(found.reduce((sum, { weight }) => sum + weight, 0))
  return found.map(
    ({ field, wanted, found, weight, tolerated }) => `${field} ${wanted} ${found} ${weight}${tolerated ? " ~" : ""}`
  )
}

const LINE = "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0"
test.each<readonly [line: string, text: string, ...differences: ReadonlyArray<string>]>([
  [LINE, "4:60+4:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0"],
  [LINE, "6:64+0:0:1460:1000,7:mss,sok,ts,nop,ws::0", "ver 4 6 2", "quirks df,id+  0.5 ~"],
  [LINE, "*:64:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0", "ver 4 * 2"],
  // 35 hops are believed, 36 are tolerated; a random TTL is a bound.
  [LINE, "4:29+3:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0"],
  [LINE, "4:28+4:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0", "ittl 64 28 1 ~"],
  [LINE, "4:65+?:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0", "ittl 64 65 1 ~"],
  [LINE.replace("64", "64-"), "4:1+31:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0"],
  [LINE.replace("64", "64-"), "4:65+?:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0", "ittl 64- 65 1"],
  [LINE, "4:64:4:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0", "olen 0 4 1"],
  [LINE, "4:64:0:*:1000,7:mss,sok,ts,nop,ws:df,id+:0", "mss 1460 * 1"],
  [LINE, "4:64:0:1400:1001,*:mss,sok,ts,nop,ws:df,id+:0", "mss 1460 1400 1", "wsize 1000 1001 1", "scale 7 * 0.5"],
  // An option more, one less, another one, and another padding count 1 each, and 1 for the field.
  [LINE, "4:64:0:1460:1000,7:mss,sok,ts,nop,nop,ws:df,id+:0", "olayout mss,sok,ts,nop,ws mss,sok,ts,nop,nop,ws 2"],
  [LINE, "4:64:0:1460:1000,7:mss,sok,ts,ws:df,id+:0", "olayout mss,sok,ts,nop,ws mss,sok,ts,ws 2"],
  [LINE, "4:64:0:1460:1000,7:mss,?9,ts,nop,?8:df,id+:0", "olayout mss,sok,ts,nop,ws mss,?9,ts,nop,ts 3"],
  [LINE, "4:64:0:1460:1000,7::df,id+:0", "olayout mss,sok,ts,nop,ws  6"],
  [
    LINE.replace("ws:", "ws,eol+1:"),
    "4:64:0:1460:1000,7:mss,sok,ts,nop,ws,eol+2:df,id+:0",
    "olayout mss,sok,ts,nop,ws,eol+1 mss,sok,ts,nop,ws,eol+2 2"
  ],
  // Quirks that come and go on the way weigh a quarter; a flow label nothing.
  [LINE, "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:df:0", "quirks df,id+ df 0.25 ~"],
  [LINE, "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:id-,ecn:0", "quirks df,id+ id-,ecn 1 ~"],
  [LINE, "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+,seq-,bad:0", "quirks df,id+ df,id+,seq-,bad 2"],
  ["*:64:0:*:*,*:mss:df,ecn:0", "6:64:0:1:1,1:mss:flow,ecn:0"],
  ["*:64:0:*:*,*:mss:df,ecn?:0", "4:64:0:1:1,1:mss:df,ecn:0"],
  ["*:64:0:*:*,*:mss:df,ecn:0", "4:64:0:1:1,1:mss:df,ecn?:0"],
  [LINE, "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:+", "pclass 0 + 1"],
  [LINE, "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:*", "pclass 0 * 1"],
  [LINE.replace(/0$/, "+"), "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:0", "pclass + 0 1"],
  [LINE.replace(/0$/, "*"), "4:64:0:1460:1000,7:mss,sok,ts,nop,ws:df,id+:+"],
  // Windows.
  ["*:64:0:*:%500,*:mss::0", "4:64:0:1400:1500,0:mss::0"],
  ["*:64:0:*:%500,*:mss::0", "4:64:0:1400:1501,0:mss::0", "wsize %500 1501 1"],
  ["*:64:0:*:mss*10,*:mss::0", "4:64:0:1400:mss*10,0:mss::0"],
  ["*:64:0:*:mss*10,*:mss::0", "4:64:0:1400:mtu*10,0:mss::0", "wsize mss*10 mtu*10 1"],
  ["*:64:0:*:mss*10,*:mss::0", "4:64:0:1400:mss*11,0:mss::0", "wsize mss*10 mss*11 1"],
  ["*:64:0:*:14600,*:mss::0", "4:64:0:1400:mss*10,0:mss::0"],
  ["*:64:0:*:mss*max,*:mss::0", "4:64:0:1460:64240,0:mss::0"],
  ["*:64:0:*:mss*max,*:mss::0", "4:64:0:1460:64241,0:mss::0", "wsize mss*max 64241 1"],
  ["*:64:0:*:mss*clamped,*:mss::0", "4:64:0:1400:64240,0:mss::0"],
  ["*:64:0:*:mss*clamped,*:mss::0", "4:64:0:1460:64240,0:mss::0", "wsize mss*clamped 64240 1"],
  ["*:64:0:*:mss*20/ws,*:mss,ws::0", "4:64:0:1460:29184,7:mss,ws::0"],
  ["*:64:0:*:mss*20/ws,*:mss,ws::0", "4:64:0:1460:29200,7:mss,ws::0", "wsize mss*20/ws 29200 1"]
])("of %s, %s differs in what it says", (line, text, ...expected) => {
  expect(differing(line, text)).toEqual(expected)
})

test("the windows of an answer count in segments without their timestamps", () => {
  const line = "*:64:0:*:mss*max,*:mss,ts::0"
  const answer = "4:64:0:1460:65160,0:mss,ts::0"
  expect(differing(line, answer, RESPONSE)).toEqual([])
  expect(differing(line, answer, REQUEST)).toEqual(["wsize mss*max 65160 1"])
})

test("meanings of a TTL, an MSS, options and a payload", () => {
  const meanings = (text: string): Readonly<Record<string, string>> =>
    Object.fromEntries(explainFields(subjectOf(text), undefined).map(({ field, meaning }) => [field, meaning]))
  expect(meanings("4:64-:0:1460:1024,0:mss::0")["ittl"]).toBe(
    "the sender draws a TTL at random up to 64: the hops are not known"
  )
  expect(meanings("4:63+1:0:1460:1024,0:mss::0")["ittl"]).toEndWith("1 hop")
  expect(meanings("4:62+2:0:1460:1024,0:mss::0")["ittl"]).toEndWith("2 hops")
  expect(meanings("6:64:0:1440:1024,0:mss::0")["mss"]).toBe("MTU 1500 (1440 + 60 of headers), link not known")
  expect(meanings("4:64:0:1460:1024,0:ws::0")).toMatchObject({
    scale: "understood, own window not scaled",
    pclass: "no data in the SYN",
    quirks: "none",
    mss: "the SYN has no MSS option"
  })
  expect(meanings("4:64:0:1460:1024,15:ws::*")).toMatchObject({
    scale: "the window counts in units of 16384 bytes",
    pclass: "with or without data"
  })
  expect(meanings("4:64:0:1460:1024,0:::0")["olayout"]).toBe(
    "no TCP options: a packet written by hand, no ordinary stack"
  )
  expect(meanings("4:64:0:1400:mss*900,0:mss::0")["wsize"]).toBe("fits no window of 16 bits")
  expect(meanings("4:64:0:1400:%8,0:mss::0")["wsize"]).toBe("a multiple of 8")
})
