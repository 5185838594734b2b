/**
 * Cost of one NOTIFY -> ACK in the session alone, without socket, capture and database: ns per exchange, median of 9 rounds.
 */
import { ConnectionInfo, FIELDS } from "@synprint/core"
import { Agent, Counters, Session, VariableWriter } from "@synprint/spoa"
import { lookupOf, connectionArguments, haproxyHello, notify, testFingerprint } from "@synprint/spoa/testing"
import { Output } from "../src/protocol/output.ts"

const fingerprint = testFingerprint({ os: "Linux 5.x-6.x" })
const counters = new Counters()
const agent = new Agent(
  {
    lookup: lookupOf((_, into: ConnectionInfo) => {
      into.status = "ok"
      into.fingerprint = fingerprint
      into.uptimeMinutes = 1234
    }),
    variables: new VariableWriter(FIELDS.filter((field) => field.isDefault).map((field) => field.name)),
    key: "connection",
    http: undefined
  },
  counters
)
const session = new Session({ maxFrameSize: 16380, pipelining: true, unhealthy: () => undefined }, agent, counters)
const output = new Output()
session.feed(haproxyHello(), 0, output)

const frames = Array.from({ length: 20 }, (_, index) =>
  notify([{ name: "p0f-msg", args: connectionArguments("127.0.0.1", 50_000 + index, "127.0.0.1", 28080) }], {
    sid: index
  })
)
const read = new Uint8Array(Buffer.concat(frames))
const nanoseconds: Array<number> = []
for (let round = 0; round < 9; round++) {
  const start = Bun.nanoseconds()
  for (let count = 0; count < 20_000; count++) {
    output.length = 0
    session.feed(read, 0, output)
  }
  nanoseconds.push((Bun.nanoseconds() - start) / (20_000 * frames.length))
}
nanoseconds.sort((a, b) => a - b)
console.log(
  `session: ${nanoseconds[4]!.toFixed(0)} ns per NOTIFY -> ACK of ${(output.length / frames.length).toFixed(0)} bytes ` +
    `(${nanoseconds[0]!.toFixed(0)}..${nanoseconds[8]!.toFixed(0)})`
)
