/**
 * Answers that a test makes up, in place of capture and database.
 */
import { type ConnectionInfo, Matcher, readDatabases, type TcpFingerprint } from "@synprint/core"
import { signaturePacket } from "@synprint/core/testing"
import type { FingerprintLookup, Connection } from "@synprint/service"

const SIGNATURE = "4:64+0:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"
const { database } = readDatabases([{ name: "none", text: "" }], "modern")
const LINUX = new Matcher(database!, "modern", 1).fingerprintOf(signaturePacket(SIGNATURE), 0, 0)

/** The fingerprint of a Linux client, with `different` values in place of its own; a new field of fingerprints is there by itself. */
export function testFingerprint(different: Partial<TcpFingerprint> = {}): TcpFingerprint {
  const values: Partial<Record<string | symbol, unknown>> = {
    rawSignature: SIGNATURE,
    link: "Ethernet or modem",
    encoded: undefined,
    encodedBy: undefined,
    hinted: undefined,
    ...different
  }
  return new Proxy(LINUX, {
    get: (fingerprint, name) => (name in values ? values[name] : Reflect.get(fingerprint, name, fingerprint)),
    set: (_, name, value) => {
      values[name] = value
      return true
    }
  })
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
