/**
 * The filter in the form that the program reads (bpf/syn.h: struct config), made from [capture] ports, addresses and key.
 *
 * Entry 0 of the map says which of the entries 1 and 2 is active; a new filter is written to the inactive one first.
 */
import { canonicalize6, parseAddress } from "@synprint/core"
import type { CaptureFilter } from "@synprint/service"
import { LAYOUT_VERSION } from "./map/record.ts"

export const SETTINGS_BYTES = 376
export const ACTIVE = 0
export const LAYOUT = 4
export const CLIENT_KEY = 8
export const PORTS = 12
export const PORT = 16
export const ADDRESSES4 = 48
export const ADDRESSES6 = 52
export const ADDRESS4 = 56
export const ADDRESS6 = 120
/** bpf/syn.h: PORTS_MAX, ADDRESSES_MAX (of each family). */
export const PORTS_MAX = 16
export const ADDRESSES_MAX = 16

/** Entry 0. */
export function encodeActive(entry: 0 | 1 | 2): Uint8Array {
  const bytes = new Uint8Array(new ArrayBuffer(SETTINGS_BYTES))
  const view = new DataView(bytes.buffer)
  view.setUint32(ACTIVE, entry, true)
  view.setUint32(LAYOUT, LAYOUT_VERSION, true)
  return bytes
}

/** Encodes entry 1 or 2, or returns the reason why the filter can't be written. With key = "client" the server side is left out. */
export function encodeFilter(filter: CaptureFilter): Uint8Array | string {
  const bytes = new Uint8Array(new ArrayBuffer(SETTINGS_BYTES))
  const view = new DataView(bytes.buffer)
  const ports = [...new Set(filter.ports)]
  if (ports.length > PORTS_MAX)
    return `${ports.length} ports, the program holds ${PORTS_MAX} (leave ports empty for all)`
  view.setUint32(LAYOUT, LAYOUT_VERSION, true)
  view.setUint32(CLIENT_KEY, filter.key === "client" ? 1 : 0, true)
  view.setUint32(PORTS, ports.length, true)
  for (const [n, port] of ports.entries()) {
    if (!Number.isInteger(port) || port < 1 || port > 65535) return `${port}: expected a port from 1 to 65535`
    view.setUint16(PORT + 2 * n, port)
  }
  let four = 0
  let six = 0
  const address = new Uint8Array(16)
  for (const text of filter.addresses) {
    let family = parseAddress(text, address)
    if (family === 0) return `${text}: expected an IPv4 or IPv6 address`
    if (family === 6) family = canonicalize6(address, 0)
    if (address.every((byte) => byte === 0)) {
      four = 0
      six = 0
      break
    }
    if (family === 4) {
      if (four < ADDRESSES_MAX) bytes.set(address.subarray(0, 4), ADDRESS4 + 4 * four)
      four++
    } else {
      if (six < ADDRESSES_MAX) bytes.set(address, ADDRESS6 + 16 * six)
      six++
    }
  }
  if (four > ADDRESSES_MAX || six > ADDRESSES_MAX) {
    return `${Math.max(four, six)} addresses of one family, the program holds ${ADDRESSES_MAX} (leave addresses empty for all)`
  }
  view.setUint32(ADDRESSES4, four, true)
  view.setUint32(ADDRESSES6, six, true)
  return bytes
}

export interface ReadSettings {
  readonly layout: number
  readonly active: number
}

export function decodeActive(bytes: Uint8Array): ReadSettings {
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return { active: view.getUint32(ACTIVE, true), layout: view.getUint32(LAYOUT, true) }
}

export function isClientKey(bytes: Uint8Array): boolean {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(CLIENT_KEY, true) !== 0
}
