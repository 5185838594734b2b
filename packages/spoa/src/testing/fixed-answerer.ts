/**
 * Answers that a test makes up, in place of capture and database.
 */
import type { ConnectionInfo, TcpFingerprint } from "@synprint/core"
import type { FingerprintLookup, Connection } from "@synprint/service"

/** A fingerprint as a Linux client of these days has it, with what the test wants different. */
export function testFingerprint(different: Partial<TcpFingerprint> = {}): TcpFingerprint {
  return {
    direction: 0,
    rawSignature: "4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0",
    ver: 4,
    ttl: 64,
    tos: 0,
    mss: 1460,
    quirks: 3,
    layoutHash: 0,
    match: undefined,
    fuzzy: false,
    dist: 0,
    os: undefined,
    osMatchQ: 0,
    link: "Ethernet or modem",
    candidates: [],
    linkMtu: 1500,
    logSuffix: new Uint8Array(0),
    mtuLogSuffix: new Uint8Array(0),
    encoded: undefined,
    encodedBy: undefined,
    ...different
  } as TcpFingerprint
}

/** An answerer that lets the test fill each answer; without a filler every connection is `not_captured`. */
export function lookupOf(fill: (connection: Connection, into: ConnectionInfo) => void = () => {}): FingerprintLookup {
  return {
    answer: (connection, into) => {
      into.reset("not_captured")
      fill(connection, into)
    }
  }
}
