/**
 * Whole lines of the JSON log and the text log: each kind once, with every fact and without any.
 */
import { expect, test } from "bun:test"
import { capturedFrame } from "../../testing/captured-frame.ts"
import { Packet } from "../../packet/packet.ts"
import { readDatabases } from "../../tcp/database/reader.ts"
import type { Mode } from "../../tcp/mode.ts"
import { Matcher } from "../../tcp/matching/matcher.ts"
import { ethernet } from "../../testing/layers.ts"
import { SCENARIO_DATABASE } from "../../testing/p0f-scenarios.ts"
import { type PacketFields, tcp } from "../../testing/packets.ts"
import { Observer } from "../observer.ts"
import { JsonLog } from "./json-log.ts"
import { LineBuffer } from "./line-buffer.ts"
import { CLIENT, Endpoints, HttpObservation, type ObservationLog, SERVER } from "./observation-log.ts"
import { TextLog } from "./text-log.ts"

/** Lines of a log that an observer wrote about packets, each with its time in microseconds after the start. */
function linesOf(
  make: (write: (text: string) => void) => ObservationLog & { readonly flush: () => void },
  packets: ReadonlyArray<readonly [usec: number, PacketFields]>,
  mode: Mode = "modern"
): ReadonlyArray<string> {
  let text = ""
  const log = make((part) => (text += part))
  const { database } = readDatabases([{ name: "scenarios.fp", text: SCENARIO_DATABASE }], mode)
  const matcher = new Matcher(database!, mode, 64)
  const observer = new Observer({
    mode,
    matcher,
    log,
    maxFlows: 99,
    maxHosts: 99,
    flowAgeSeconds: 30,
    hostIdleMinutes: 99
  })
  for (const [usec, fields] of packets) {
    const { bytes } = ethernet(tcp({ src: "10.0.1.1", dst: "10.0.0.9", dport: 80, seq: 1000, ...fields }))
    const sec = 1_700_000_000 + Math.floor(usec / 1e6)
    observer.frame(capturedFrame(bytes, { sec, usec: usec % 1e6 }))
  }
  log.flush()
  return text.split("\n").slice(0, -1)
}

const LINUX: PacketFields = { win: 64_240, options: "mss=1460,sok,ts=1000,nop,ws=7", sport: 40_000 }
const SERVER_SIDE: PacketFields = { src: "10.0.0.9", dst: "10.0.1.1", sport: 80, dport: 40_000, ack: 1001 }
const ANSWER: PacketFields = {
  ...SERVER_SIDE,
  flags: "SA",
  seq: 5000,
  id: 0,
  win: 65_160,
  options: "mss=1460,sok,ts=9:1,nop,ws=7"
}
const send = (payload: string): PacketFields => ({ sport: 40_000, flags: "A", seq: 1001, ack: 5001, payload })
const reply = (payload: string): PacketFields => ({ ...SERVER_SIDE, flags: "A", seq: 5001, payload })

/** Each kind of packet, with every fact that a line may have and with hardly any. */
const PACKETS: ReadonlyArray<readonly [number, PacketFields]> = [
  [0, { ...LINUX, ttl: 57, tos: 0xb8 }],
  [7, ANSWER],
  [1_000_008, send('GET / HTTP/1.1\r\nHost: a\r\nX-Any: "\\\u00e9\r\nAccept-Language: de\r\n\r\n')],
  [1_999_999, reply("HTTP/1.1 200 OK\r\nServer: other\r\nDate: x\r\n\r\n")],
  [2_000_000, { src: "2001:db8::1", dst: "2001:db8:0:0:1::", win: 1, options: "" }],
  [3_000_000, { src: "10.0.1.2", ttl: 50, win: 1000, options: "mss=1460" }],
  [4_000_000, { src: "10.0.1.3", df: false, ttl: 60, win: 1024, options: "mss=1460" }],
  [5_000_000, { src: "10.0.1.4", df: false, ttl: 192, win: 1337, options: "mss=1331", sport: 9 }],
  [5_100_000, { ...SERVER_SIDE, dst: "10.0.1.4", dport: 9, flags: "SA", win: 3, options: "mss=536" }]
]

test("the JSON log writes an object of every observation, with the facts that there are", () => {
  expect(linesOf((write) => new JsonLog(write), PACKETS)).toEqual([
    '{"time":1700000000.000000,"event":"syn","client":"10.0.1.1","client_port":40000,"server":"10.0.0.9","server_port":80,"subject":"client","os":"Linux 5.x","os_match_q":0,"generic":false,"fuzzy":false,"database":"scenarios.fp","line":9,"dist":7,"mss":1460,"mtu":1500,"link":"Ethernet","mtu_origin":"unknown","interface_mss":1460,"tos":46,"sig":"4:57+7:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"}',
    '{"time":1700000000.000000,"event":"mtu","client":"10.0.1.1","client_port":40000,"server":"10.0.0.9","server_port":80,"subject":"client","mtu":1500,"link":"Ethernet"}',
    '{"time":1700000000.000007,"event":"syn+ack","client":"10.0.1.1","client_port":40000,"server":"10.0.0.9","server_port":80,"subject":"server","os":"Linux 5.x","os_match_q":0,"generic":false,"fuzzy":false,"database":"scenarios.fp","line":27,"dist":0,"mss":1460,"mtu":1500,"link":"Ethernet","mtu_origin":"unknown","interface_mss":1460,"sig":"4:64+0:0:1460:mss*45,7:mss,sok,ts,nop,ws:df:0"}',
    '{"time":1700000000.000007,"event":"mtu","client":"10.0.1.1","client_port":40000,"server":"10.0.0.9","server_port":80,"subject":"server","mtu":1500,"link":"Ethernet"}',
    '{"time":1700000001.000008,"event":"http request","client":"10.0.1.1","client_port":40000,"server":"10.0.0.9","server_port":80,"subject":"client","app":"Anything","generic":true,"database":"scenarios.fp","line":48,"language":"German","dishonest":false,"anonymous":true,"sig":"1:Host,X-Any=[\\"\\\\],Accept-Language=[de]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:"}',
    '{"time":1700000001.999999,"event":"http response","client":"10.0.1.1","client_port":40000,"server":"10.0.0.9","server_port":80,"subject":"server","app":"nginx 1.x","generic":false,"database":"scenarios.fp","line":58,"dishonest":true,"anonymous":false,"sig":"1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:other"}',
    '{"time":1700000002.000000,"event":"syn","client":"2001:db8::1","client_port":49152,"server":"2001:db8:0:0:1::","server_port":80,"subject":"client","dist":0,"sig":"6:64+0:0:0:1,0:::0"}',
    '{"time":1700000003.000000,"event":"syn","client":"10.0.1.2","client_port":49152,"server":"10.0.0.9","server_port":80,"subject":"client","os":"Lottery","os_match_q":0,"generic":false,"fuzzy":false,"database":"scenarios.fp","line":21,"dist":14,"dist_reason":"random-ttl","random_ttl":true,"mss":1460,"mtu":1500,"link":"Ethernet","sig":"4:50+14:0:1460:1000,0:mss:df,id+:0"}',
    '{"time":1700000003.000000,"event":"mtu","client":"10.0.1.2","client_port":49152,"server":"10.0.0.9","server_port":80,"subject":"client","mtu":1500,"link":"Ethernet"}',
    '{"time":1700000004.000000,"event":"syn","client":"10.0.1.3","client_port":49152,"server":"10.0.0.9","server_port":80,"subject":"client","app":"Scanner fast","os_match_q":0,"generic":false,"fuzzy":false,"database":"scenarios.fp","line":24,"dist":4,"mss":1460,"mtu":1500,"link":"Ethernet","sig":"4:60+4:0:1460:1024,0:mss::0"}',
    '{"time":1700000005.000000,"event":"sendsyn probe","client":"10.0.1.4","client_port":9,"server":"10.0.0.9","server_port":80,"subject":"client","dist":63,"dist_reason":"excess-distance","mss":1331,"mtu":1371,"mtu_origin":"unknown","sig":"4:192+?:0:1331:1337,0:mss::0"}',
    '{"time":1700000005.100000,"event":"sendsyn response","client":"10.0.1.4","client_port":9,"server":"10.0.0.9","server_port":80,"subject":"server","dist":0,"mss":536,"mtu":576,"mtu_origin":"unknown","sig":"4:64+0:0:536:3,0:mss:df,id+:0"}'
  ])
})

test("the text log writes a line of every packet and none of the MTU beside it", () => {
  expect(linesOf((write) => new TextLog(write), PACKETS)).toEqual([
    "22:13:20.000000  10.0.1.1:40000 > 10.0.0.9:80  SYN      Linux 5.x, 7 hops, Ethernet  4:57+7:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0",
    "22:13:20.000007  10.0.1.1:40000 > 10.0.0.9:80  SYN+ACK  Linux 5.x, 0 hops, Ethernet  4:64+0:0:1460:mss*45,7:mss,sok,ts,nop,ws:df:0",
    '22:13:21.000008  10.0.1.1:40000 > 10.0.0.9:80  request  Anything, German  1:Host,X-Any=["\\],Accept-Language=[de]:User-Agent,Connection,Accept,Accept-Encoding,Accept-Charset,Keep-Alive:',
    "22:13:21.999999  10.0.1.1:40000 > 10.0.0.9:80  response nginx 1.x, dishonest  1:Server,Date:Content-Type,Connection,Keep-Alive,Accept-Ranges:other",
    "22:13:22.000000  [2001:db8::1]:49152 > [2001:db8:0:0:1::]:80  SYN      unknown, 0 hops  6:64+0:0:0:1,0:::0",
    "22:13:23.000000  10.0.1.2:49152 > 10.0.0.9:80  SYN      Lottery, at most 14 hops, Ethernet  4:50+14:0:1460:1000,0:mss:df,id+:0",
    "22:13:24.000000  10.0.1.3:49152 > 10.0.0.9:80  SYN      Scanner fast, 4 hops, Ethernet  4:60+4:0:1460:1024,0:mss::0",
    "22:13:25.000000  10.0.1.4:9 > 10.0.0.9:80  SYN      unknown, 63 hops at a guess (excess-distance), MTU 1371  4:192+?:0:1331:1337,0:mss::0",
    "22:13:25.100000  10.0.1.4:9 > 10.0.0.9:80  SYN+ACK  unknown, 0 hops, MTU 576  4:64+0:0:536:3,0:mss:df,id+:0"
  ])
})

/** An observation of every kind that packets rarely make, told to a log as an observer does. */
function rareOnes(log: ObservationLog): void {
  const at = new Endpoints()
  at.sec = 0xffff_ffff | 0
  at.usec = 999_999
  at.client0 = 0xc0000201 | 0
  at.clientPort = 1
  at.server0 = 0x0a000009
  at.serverPort = 65_535
  log.uptime(at, CLIENT, 3 * 1440 + 4 * 60 + 5, 49, 1000.126)
  log.uptime(at, SERVER, 1439, 497, 100)
  log.sharing(at, CLIENT, true, (1 << 1) | (1 << 7), 62)
  log.sharing(at, SERVER, false, 1 << 5, 12)
  log.hostChange(at, CLIENT, { reasons: 1 << 0, atLeast6: 1, atLeast3: 2, atLeast2: 3, atLeast1: 4 })
  log.ipSharing(at, SERVER, { reasons: 1 << 12, atLeast6: 5, atLeast3: 6, atLeast2: 7, atLeast1: 8 })
  const seen = new HttpObservation()
  seen.hints = "claim;q=1"
  seen.anonymous = true
  seen.raw.set(new TextEncoder().encode("1:a\u001b\u007f:"))
  seen.rawLength = 6
  log.http(at, CLIENT, seen)
  log.http(at, SERVER, new HttpObservation())
}

test("the JSON log writes what is found about an address", () => {
  let text = ""
  const log = new JsonLog((part) => (text += part))
  rareOnes(log)
  log.flush()
  const ends =
    '{"time":4294967295.999999,"event":"EVENT","client":"192.0.2.1","client_port":1,"server":"10.0.0.9","server_port":65535,"subject":"SUBJECT"'
  const line = (event: string, subject: string, facts: string): string =>
    `${ends.replace("EVENT", event).replace("SUBJECT", subject)},${facts}}`
  expect(text.split("\n")).toEqual([
    line("uptime", "client", '"uptime":4565,"up_mod_days":49,"raw_freq":1000.13'),
    line("uptime", "server", '"uptime":1439,"up_mod_days":497,"raw_freq":100.00'),
    line("ip sharing", "client", '"reasons":["os_diff","mtu"],"score":62'),
    line("host change", "server", '"reasons":["ttl"],"score":12'),
    line("host change", "client", '"reasons":["app_vs_os"],"hits":[1,2,3,4]'),
    line("ip sharing", "server", '"reasons":["ua_vs_os"],"hits":[5,6,7,8]'),
    line("http request", "client", '"dishonest":false,"anonymous":true,"hints":"claim;q=1","sig":"1:a\\u001b\u007f:"'),
    line("http response", "server", '"dishonest":false,"anonymous":false,"sig":""'),
    ""
  ])
})

test("the text log writes what is found about an address, and no control character", () => {
  let text = ""
  const log = new TextLog((part) => (text += part))
  rareOnes(log)
  log.flush()
  const front = "06:28:15.999999  192.0.2.1:1 > 10.0.0.9:65535"
  expect(text.split("\n")).toEqual([
    `${front}  uptime   client 3 days 4 hours 5 min`,
    `${front}  uptime   server 0 days 23 hours 59 min`,
    `${front}  sharing  client: os_diff, mtu, score 62`,
    `${front}  change   server: ttl, score 12`,
    `${front}  change   client: app_vs_os`,
    `${front}  sharing  server: ua_vs_os`,
    `${front}  request  unknown program, claim;q=1  1:a..:`,
    `${front}  response unknown program  `,
    ""
  ])
})

test("the text log counts the systems of its SYNs", () => {
  const log = new TextLog(() => {})
  linesOf(
    () => log,
    [
      ...PACKETS,
      [6_000_000, { ...LINUX, sport: 40_001 }],
      // A SYN+ACK is none.
      [6_000_001, { ...ANSWER, dport: 40_001 }]
    ]
  )
  expect(log.tally).toEqual({
    systems: new Map([
      ["Linux 5.x", 2],
      ["Lottery", 1],
      ["Scanner fast", 1]
    ]),
    unknown: 2
  })
})

test("lines are handed over together, at 65,536 characters or when asked for", () => {
  const parts: Array<string> = []
  const lines = new LineBuffer((text) => parts.push(text))
  lines.flush()
  expect(parts).toEqual([])
  lines.add("a".repeat(65_535))
  expect(parts).toEqual([])
  lines.add("b")
  expect(parts.map((part) => part.length)).toEqual([65_536])
  lines.add("c")
  lines.flush()
  lines.flush()
  expect(parts.slice(1)).toEqual(["c"])
})

test("a SYN+ACK of IPv6 names both ends by all of their address", () => {
  const [client, server] = ["2001:db8:1:2:3:4:5:6", "2001:db8:a:b:c:d:e:f"]
  const lines = linesOf(
    (write) => new TextLog(write),
    [
      [0, { src: client, dst: server, win: 1, sport: 7, options: "" }],
      [1, { src: server, dst: client, win: 1, sport: 80, dport: 7, flags: "SA", ack: 1001, options: "" }]
    ]
  )
  const ends = `[${client}]:7 > [${server}]:80`
  expect(lines.map((line) => line.slice(17, 17 + ends.length + 9))).toEqual([`${ends}  SYN    `, `${ends}  SYN+ACK`])
})

test("ends of a connection are those of the sender's side", () => {
  const packet = new Packet()
  Object.assign(packet, {
    ver: 6,
    src0: 1,
    src1: 2,
    src2: 3,
    src3: 4,
    sport: 5,
    dst0: 6,
    dst1: 7,
    dst2: 8,
    dst3: 9,
    dport: 10
  })
  const at = new Endpoints()
  const one = { client0: 1, client1: 2, client2: 3, client3: 4, clientPort: 5 }
  const other = { server0: 6, server1: 7, server2: 8, server3: 9, serverPort: 10 }
  at.name(packet, CLIENT)
  expect(at).toMatchObject({ ver: 6, ...one, ...other })
  const back = { client0: 6, client1: 7, client2: 8, client3: 9, clientPort: 10 }
  const forth = { server0: 1, server1: 2, server2: 3, server3: 4, serverPort: 5 }
  at.name(packet, SERVER)
  expect(at).toMatchObject({ ver: 6, ...back, ...forth })
})
