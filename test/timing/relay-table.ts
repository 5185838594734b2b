/**
 * Results of a front end by kind of client: connections with the hint `relay`, and medians of the measured times.
 */
import { type ClientKind, missingPrograms } from "./client-kind.ts"
import type { FrontEnd, ReceivedHeaders } from "./front-end.ts"

export interface Row {
  readonly kind: string
  readonly holdMs: number
  readonly connections: number
  /** With the hint `relay`. */
  readonly called: number
  /** Without a round trip of TLS: nothing can be said of them. */
  readonly unmeasured: number
  /** Microseconds: 50th and 99th of 100. */
  readonly rtt: readonly [number, number]
  readonly helloDelay: readonly [number, number]
  readonly tlsRtt: readonly [number, number]
  /** Wrongly classified connections, as the application saw them. */
  readonly wrong: ReadonlyArray<ReceivedHeaders>
}

const isCalled = (received: ReceivedHeaders): boolean => /(^|, )relay;/.test(received["x-tcp-hints"] ?? "")

export async function measure(frontEnd: FrontEnd, kind: ClientKind, count: number): Promise<Row> {
  const before = frontEnd.received(kind.name).length
  await kind.connect(frontEnd, count)
  // The application's last line may be on its way.
  const deadline = performance.now() + 10_000
  while (frontEnd.received(kind.name).length < before + count && performance.now() < deadline) await Bun.sleep(20)
  const received = frontEnd.received(kind.name).slice(before)
  const spread = (header: "x-tcp-rtt" | "x-tls-chello-delay" | "x-tls-rtt"): readonly [number, number] => {
    const values = received
      .flatMap((each) => (each[header] === null ? [] : [Number(each[header])]))
      .sort((a, b) => a - b)
    const at = (share: number): number => values[Math.floor(share * (values.length - 1))] ?? Number.NaN
    return [at(0.5), at(0.99)]
  }
  return {
    kind: kind.name,
    holdMs: kind.holdMs,
    connections: received.length,
    called: received.filter(isCalled).length,
    unmeasured: received.filter((each) => each["x-tls-rtt"] === null).length,
    rtt: spread("x-tcp-rtt"),
    helloDelay: spread("x-tls-chello-delay"),
    tlsRtt: spread("x-tls-rtt"),
    wrong: received.filter((each) => isCalled(each) !== kind.holdMs > 0)
  }
}

/** Measures all kinds that can be; those that can't are said to be left out. One that was judged wrongly is measured up to `attempts` times. */
export async function measureAll(
  frontEnd: FrontEnd,
  kinds: ReadonlyArray<ClientKind>,
  count: number,
  tell: (line: string) => void,
  attempts = 1
): Promise<ReadonlyArray<Row>> {
  const rows: Array<Row> = []
  tell(`${"".padEnd(24)} connections  called   rtt 50% 99%   hello 50% 99%   tls 50% 99%  (ms)`)
  for (const kind of kinds) {
    const missing = missingPrograms(kind)
    if (missing.length > 0) {
      tell(`${kind.name.padEnd(24)} skipped: needs ${missing.join(", ")}`)
      continue
    }
    let row = await measure(frontEnd, kind, count)
    for (let attempt = 1; attempt < attempts && row.wrong.length > 0; attempt++) {
      tell(printRow(row))
      const again = await measure(frontEnd, kind, count)
      if (again.wrong.length < row.wrong.length) row = again
    }
    rows.push(row)
    tell(printRow(row))
  }
  return rows
}

function printRow(row: Row): string {
  const percent = ((100 * row.called) / row.connections).toFixed(1)
  const ms = (micros: number): string => (Number.isNaN(micros) ? "-" : (micros / 1000).toFixed(1)).padStart(7)
  const pair = ([half, most]: readonly [number, number]): string => ms(half) + ms(most)
  const left = `${row.kind.padEnd(24)} ${String(row.connections).padStart(11)} ${`${percent} %`.padStart(7)}`
  return `${left} ${pair(row.rtt)}  ${pair(row.helloDelay)} ${pair(row.tlsRtt)}`
}

export interface Shares {
  /** Connections with the hint, among relays that hold bytes back 50 ms or more each way. */
  readonly found: number
  readonly foundOf: number
  /** Connections with the hint, among direct ones. */
  readonly mistaken: number
  readonly mistakenOf: number
}

export function sharesOf(rows: ReadonlyArray<Row>): Shares {
  const sum = (some: ReadonlyArray<Row>, of: "called" | "connections"): number =>
    some.reduce((total, row) => total + row[of], 0)
  const relays = rows.filter(({ holdMs }) => holdMs >= 50)
  const directs = rows.filter(({ holdMs }) => holdMs === 0)
  return {
    found: sum(relays, "called"),
    foundOf: sum(relays, "connections"),
    mistaken: sum(directs, "called"),
    mistakenOf: sum(directs, "connections")
  }
}
