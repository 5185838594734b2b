/** Worker of history.test.ts: takes the lock of shared hosts `rounds` times and counts in cells that only the holder may write. */
import { SharedHosts } from "@synprint/core"

interface Task {
  readonly buffer: SharedArrayBuffer
  readonly thread: number
  readonly rounds: number
}

declare const self: Worker

self.onmessage = ({ data: { buffer, thread, rounds } }: MessageEvent<Task>) => {
  const shared = new SharedHosts(buffer, 64, thread)
  const { hot } = shared
  for (let n = 0; n < rounds; n++) {
    shared.lock()
    // Torn if two threads were here at once.
    const before = hot[0]!
    for (let i = 0; i < 20; i++) hot[1] = (hot[1]! + 1) | 0
    hot[0] = before + 1
    shared.unlock()
  }
  self.postMessage("done")
}
