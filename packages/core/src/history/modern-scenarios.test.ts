/**
 * The scenarios of p0f mode in modern mode: of packets and heads it says what p0f says, but for the differences that are listed here; of
 * addresses it says what sharing.ts and uptime.ts promise.
 */
import { expect, test } from "bun:test"
import { P0fLog } from "../p0f/log.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { capturedFrame } from "../testing/captured-frame.ts"
import { P0F_SCENARIOS, SCENARIO_DATABASE, shortLines } from "../testing/p0f-scenarios.ts"
import { Observer } from "./observer.ts"

const { database } = readDatabases([{ name: "scenarios.fp", text: SCENARIO_DATABASE }], "modern")
const OF_PACKETS = ["syn", "sendsyn probe", "sendsyn response", "syn+ack", "mtu", "http request", "http response"]
const OF_ADDRESSES = ["uptime", "host change", "ip sharing"]

const BARE_REQUEST =
  "app=???|lang=none|params=anonymous|raw_sig=1:Host:User-Agent,Connection,Accept,Accept-Encoding,Accept-Language,Accept-Charset,Keep-Alive:"
const request = (sec: number, client: number): string =>
  `${sec} http request 10.0.1.${client}/40000 10.0.0.9/80 cli ${BARE_REQUEST}`
const response = (sec: number, client: number, facts: string): string =>
  `${sec} http response 10.0.1.${client}/40000 10.0.0.9/80 srv ${facts}`

interface Difference {
  /** Lines of p0f that modern mode does not write. */
  readonly without?: ReadonlyArray<string>
  readonly also?: ReadonlyArray<string>
  /** Lines of modern mode about addresses; none by default. */
  readonly addresses?: ReadonlyArray<string>
}

const DIFFERENCES: Readonly<Record<string, Difference>> = {
  // Another system's SYN counts 30, another distance by three hops 12: a port, an MSS, timestamps or quirks count nothing.
  "what changes between two SYNs of one client": {
    addresses: ["72 host change 10.0.1.8/40002 10.0.0.9/80 cli reason=os_diff|score=30"]
  },
  "another distance": {
    addresses: [
      "41 host change 10.0.1.5/40001 10.0.0.9/80 cli reason=ttl|score=12",
      "81 host change 10.0.1.9/40001 10.0.0.9/80 cli reason=ttl|score=12",
      "91 host change 10.0.1.10/40001 10.0.0.9/80 cli reason=ttl|score=12",
      "101 host change 10.0.1.11/40001 10.0.0.9/80 cli reason=ttl|score=12",
      "111 host change 10.0.1.12/40001 10.0.0.9/80 cli reason=ttl|score=12"
    ]
  },
  "scores that come together": {
    addresses: [
      "133 host change 10.0.1.7/40003 10.0.0.9/80 cli reason=os_diff|score=30",
      "134 ip sharing 10.0.1.7/40004 10.0.0.9/80 cli reason=os_diff|score=60"
    ]
  },
  "what changes between two SYN+ACKs of one server": {
    addresses: [
      "31 host change 10.0.2.101/40001 10.0.3.4/80 srv reason=ttl|score=12",
      "52 host change 10.0.2.102/40002 10.0.3.6/80 srv reason=os_diff|score=30",
      "71 host change 10.0.2.101/40001 10.0.3.8/80 srv reason=ttl|score=12",
      "82 host change 10.0.2.102/40002 10.0.3.9/80 srv reason=ttl|score=12"
    ]
  },
  // Half of it after a pause. No line of the database says that its clock tells an uptime.
  uptimes: { addresses: ["43000 host change 10.0.1.63/40000 10.0.0.9/80 srv reason=ttl|score=6"] },
  // TCP Fast Open: the SYN+ACK took the request.
  "packets that belong to a connection and packets that don't": {
    also: [
      request(7, 21),
      response(
        7,
        21,
        "app=???|lang=none|params=none|raw_sig=1:Server,Content-Type:Connection,Keep-Alive,Accept-Ranges,Date:x"
      )
    ]
  },
  // The tables have room for all of them.
  "a table of flows that is full loses the oldest tenth and one": {
    also: [1, 2, 3].map((client) => request(2, client))
  },
  "a table of hosts that is full loses flows, and the oldest host if none of them is its own": {
    also: [request(1, 1)]
  },
  "every 50th packet ends flows and hosts that are too old": {
    also: [request(8, 1), request(8, 2), request(125, 5), request(125, 6)]
  },
  // A head in several packets loses no line.
  "HTTP responses": {
    without: [
      response(
        11,
        12,
        "app=???|lang=none|params=none|raw_sig=1:Server,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:b"
      ),
      response(
        12,
        13,
        "app=???|lang=none|params=none|raw_sig=1:Server,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:b"
      ),
      response(
        14,
        15,
        "app=???|lang=none|params=anonymous|raw_sig=1:X-Long=[v{200}],Date,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges:"
      )
    ],
    also: [
      response(
        11,
        12,
        "app=nginx 1.x|lang=none|params=dishonest|raw_sig=1:Server,Date,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges:b"
      ),
      response(
        12,
        13,
        "app=nginx 1.x|lang=none|params=dishonest|raw_sig=1:Server,Date,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges:b"
      ),
      response(
        13,
        14,
        "app=???|lang=none|params=anonymous|raw_sig=1:X-Long=[v{200}],Date,X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges:"
      ),
      response(
        14,
        15,
        "app=???|lang=none|params=anonymous|raw_sig=1:X-Long=[v{200}],XDate=[c],X-A=[d]:Content-Type,Connection,Keep-Alive,Accept-Ranges,Date:"
      )
    ],
    addresses: ["22 ip sharing 10.0.1.23/40000 10.0.0.9/80 srv reason=os_diff x_known via|score=56"]
  },
  // Three proxies, 20 each.
  "who the client of a request is": { addresses: ["82 ip sharing 10.0.1.9/40002 10.0.0.9/80 cli reason=via|score=60"] }
}

test.each(P0F_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  "%s",
  (name, { frames, shows, lines }) => {
    let text = ""
    const log = new P0fLog((bytes) => (text += new TextDecoder("latin1").decode(bytes)))
    const limits = { maxFlows: 1000, maxHosts: 1000, flowAgeSeconds: 30, hostIdleMinutes: 120 }
    const observer = new Observer({ mode: "modern", matcher: new Matcher(database!, "modern", 64), log, ...limits })
    for (const { bytes, sec, nsec = 0 } of frames) observer.frame(capturedFrame(bytes, { sec, usec: nsec / 1000 }))
    log.flush()
    const { without = [], also = [], addresses = [] } = DIFFERENCES[name] ?? {}
    const shown = OF_PACKETS.filter((kind) => shows === undefined || shows.includes(kind))
    const ofPackets = lines.filter((line) => shown.some((kind) => line.replace(/^-?\d+ /, "").startsWith(`${kind} `)))
    for (const line of without) expect(ofPackets).toContain(line)
    const expected = [...ofPackets.filter((line) => !without.includes(line)), ...also]
    expect(shortLines(text, shown).toSorted()).toEqual(expected.toSorted())
    expect(shortLines(text, OF_ADDRESSES)).toEqual([...addresses])
  }
)

test("every difference is one of a scenario", () => {
  expect(P0F_SCENARIOS.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(DIFFERENCES)))
})
