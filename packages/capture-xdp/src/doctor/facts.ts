/**
 * Facts that only `doctor` reads: MTU, lines of the kernel log.
 */
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs"

export function readText(path: string): string {
  try {
    return readFileSync(path, "latin1")
  } catch {
    return ""
  }
}

/** MTU from /sys, which shows the network namespace in which it was mounted; undefined: the interface is not in it. */
export function mtuOf(name: string): number | undefined {
  const text = readText(`/sys/class/net/${name}/mtu`).trim()
  return text === "" ? undefined : Number(text)
}

const LINES = 3
const RECORDS_MAX = 20_000

/** The last lines of the kernel log about BPF or XDP; none if it can't be read. One read of /dev/kmsg returns one record. */
export function bpfLines(): ReadonlyArray<string> {
  const found: Array<string> = []
  try {
    const fd = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const record = new Uint8Array(8192)
      for (let n = 0; n < RECORDS_MAX; n++) {
        const text = new TextDecoder().decode(record.subarray(0, readSync(fd, record)))
        const line = text.slice(text.indexOf(";") + 1).split("\n", 1)[0]!
        if (/\b(e?bpf|xdp)/i.test(line)) found.push(line)
      }
    } finally {
      closeSync(fd)
    }
  } catch {
    // EAGAIN: end of the log. EPERM: no right to read it.
  }
  return found.slice(-LINES)
}
