/** Worker of address-limits.test.ts: asks for `rounds` requests of one address and reports how many were allowed. */
import { AddressLimits } from "../connection/address-limits.ts"

interface Task {
  readonly buffer: SharedArrayBuffer
  readonly threads: number
  readonly thread: number
  readonly slot: number
  readonly most: number
  readonly rounds: number
}

declare const self: Worker

self.onmessage = ({ data }: MessageEvent<Task>) => {
  const { buffer, threads, thread, slot, most, rounds } = data
  const limits = new AddressLimits(buffer, threads, thread)
  let allowed = 0
  for (let n = 0; n < rounds; n++) if (limits.request(slot, most, 1)) allowed++
  self.postMessage(allowed)
}
