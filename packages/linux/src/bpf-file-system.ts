/**
 * The bpf file system (mount -t bpf), in which eBPF objects are pinned.
 */
import { statfsSync } from "node:fs"

/** linux/magic.h: BPF_FS_MAGIC. */
const BPF_FS_MAGIC = 0xcafe4a11

/** Returns true if `path` is in a bpf file system; throws the errors of statfs(2). */
export function isBpfFileSystem(path: string): boolean {
  return statfsSync(path).type === BPF_FS_MAGIC
}
