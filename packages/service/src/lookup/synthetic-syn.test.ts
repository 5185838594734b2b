import { expect, test } from "bun:test"
import { Packet, decodeSyn, makeConnectionKey } from "@synprint/core"
import { makeRawSyn } from "../capture/backend.ts"
import { makeSavedSyn } from "../capture/saved-syn.ts"
import { setClientPort, syntheticSyn4, syntheticSyn6 } from "./synthetic-syn.ts"

test.each([
  ["IPv4", syntheticSyn4, "0a000001", "0a000002"],
  ["IPv6", syntheticSyn6, "20010db8000000000000000000000001", "20010db8000000000000000000000002"]
] as const)(
  "%s: a SYN as the kernel keeps it, with its addresses and ports where it says",
  (_, make, client, server) => {
    const syn = make()
    const { bytes, addresses, addressLength, tcp } = syn
    expect(bytes.subarray(addresses, addresses + addressLength).toHex()).toBe(client)
    expect(bytes.subarray(addresses + addressLength, addresses + 2 * addressLength).toHex()).toBe(server)
    setClientPort(syn, 0x1234)
    expect(bytes.subarray(tcp, tcp + 4).toHex()).toBe("12340050")
    const into = makeRawSyn()
    expect(makeSavedSyn().lookup({ key: makeConnectionKey(), savedSyn: bytes, openedAtMs: 0 }, into)).toBe("hit")
    expect(into.tcp).toBe(tcp)
    expect(decodeSyn(into, new Packet())).toBe(0)
    // Another one is not changed by it.
    expect(
      make()
        .bytes.subarray(tcp, tcp + 2)
        .toHex()
    ).toBe("9c40")
  }
)
