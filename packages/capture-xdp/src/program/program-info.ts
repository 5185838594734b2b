/**
 * Identifies a program in the kernel, for the message if a hook is taken.
 */
import { cString } from "@synprint/core"
import type { Libbpf } from "./libbpf.ts"
import type { Libc } from "../libc.ts"

/** struct bpf_prog_info: id at 4, name at 64 (16 bytes); 232 bytes with Linux 6. */
const INFO_BYTES = 232
const NAME = 64
const NAME_BYTES = 16

export interface ProgramInfo {
  readonly id: number
  readonly name: string
}

export function programInfo(b: Libbpf, fd: number): ProgramInfo | undefined {
  const info = new Uint8Array(new ArrayBuffer(INFO_BYTES))
  const length = new Uint32Array(new ArrayBuffer(4))
  length[0] = INFO_BYTES
  if (b.bpf_obj_get_info_by_fd(fd, info, length) !== 0) return undefined
  return {
    id: new DataView(info.buffer).getUint32(4, true),
    name: new TextDecoder().decode(cString(info, NAME, NAME_BYTES))
  }
}

/** Returns `program 57 (xdp_dispatcher)`; reading the name needs CAP_SYS_ADMIN, without it the text says how to find the name. */
export function describeProgram(b: Libbpf, c: Libc, id: number): string {
  const fd = b.bpf_prog_get_fd_by_id(id)
  if (fd < 0) return `program ${id} (its name: bpftool prog show id ${id})`
  const info = programInfo(b, fd)
  c.close(fd)
  return info === undefined ? `program ${id}` : `program ${id} (${info.name})`
}
