/**
 * Writing all of some bytes to a descriptor, whatever it is.
 */
import { writeSync } from "node:fs"

/** write(2) may take a part, and a pipe that was made non-blocking may take none for now. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(descriptor, bytes, at, bytes.length - at)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EAGAIN") throw cause
      Bun.sleepSync(1)
    }
  }
}
