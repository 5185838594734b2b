/**
 * bpf(2) without libbpf, as far as a reader of pinned maps needs it. Structures: union bpf_attr of linux/bpf.h.
 *
 * Since Linux 5.19 none of these commands needs a capability for an object whose file may be read (kernel commit c8644cd0efe7);
 * before, bpf(2) as a whole asks for CAP_BPF while kernel.unprivileged_bpf_disabled is set.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { lastErrno } from "../errno.ts"
import type { Libc } from "../libc.ts"
import { allocate } from "./memory.ts"

const BPF_MAP_LOOKUP_ELEM = 1
const BPF_OBJ_GET = 7
const BPF_OBJ_GET_INFO_BY_FD = 15
const BPF_F_RDONLY = 8
/** struct bpf_map_info up to and with `max_entries`, `map_flags`. */
const INFO_BYTES = 24
const PATH_BYTES = 4096
/** A per-CPU element of 1024 processors. */
const VALUE_BYTES = 1 << 17

/** System call number of bpf(2). */
export const BPF_CALL: number = process.arch === "arm64" ? 280 : 321

export interface MapInfo {
  readonly type: number
  readonly id: number
  readonly keyBytes: number
  readonly valueBytes: number
  readonly capacity: number
}

export interface BpfCalls {
  /** Opens a pinned object for reading; returns a descriptor or -errno. */
  readonly get: (path: string) => number
  readonly mapInfo: (fd: number) => MapInfo | number
  /** Reads one element; returns 0 or -errno. It copies both arrays: keep it off hot paths. */
  readonly read: (fd: number, key: Uint8Array, value: Uint8Array) => number
}

export const openBpfCalls = (c: Libc): Effect.Effect<BpfCalls, never, Scope.Scope> =>
  Effect.map(allocate(c, 128 + PATH_BYTES + VALUE_BYTES), ({ address, buffer }) => {
    const attr = new DataView(buffer, 0, 128)
    const first = new Uint8Array(buffer, 128, PATH_BYTES)
    const second = new Uint8Array(buffer, 128 + PATH_BYTES, VALUE_BYTES)
    const firstAddress = BigInt(address + 128)
    const secondAddress = BigInt(address + 128 + PATH_BYTES)
    const call = (command: number, size: number): number => {
      const result = c.syscall(BPF_CALL, command, attrBytes, size)
      return Number(result) < 0 ? -lastErrno(c) : Number(result)
    }
    const attrBytes = new Uint8Array(buffer, 0, 128)
    return {
      get: (path) => {
        const bytes = new TextEncoder().encode(path)
        if (bytes.length >= PATH_BYTES) return -36
        first.fill(0)
        first.set(bytes)
        attrBytes.fill(0)
        attr.setBigUint64(0, firstAddress, true)
        attr.setUint32(12, BPF_F_RDONLY, true)
        return call(BPF_OBJ_GET, 16)
      },
      mapInfo: (fd) => {
        second.fill(0)
        attrBytes.fill(0)
        attr.setUint32(0, fd, true)
        attr.setUint32(4, INFO_BYTES, true)
        attr.setBigUint64(8, secondAddress, true)
        const result = call(BPF_OBJ_GET_INFO_BY_FD, 16)
        if (result < 0) return result
        const info = new DataView(buffer, 128 + PATH_BYTES)
        return {
          type: info.getUint32(0, true),
          id: info.getUint32(4, true),
          keyBytes: info.getUint32(8, true),
          valueBytes: info.getUint32(12, true),
          capacity: info.getUint32(16, true)
        }
      },
      read: (fd, key, value) => {
        if (key.length > PATH_BYTES || value.length > second.length) throw new RangeError("bpf: element too large")
        first.set(key)
        attrBytes.fill(0)
        attr.setUint32(0, fd, true)
        attr.setBigUint64(8, firstAddress, true)
        attr.setBigUint64(16, secondAddress, true)
        const result = call(BPF_MAP_LOOKUP_ELEM, 32)
        if (result >= 0) value.set(second.subarray(0, value.length))
        return result
      }
    }
  })
