/**
 * The thread that reads a capture file and decodes its frames (decode-ahead.ts). It owns the descriptor.
 */
import { closeSync, readSync } from "node:fs"
import { type CaptureProblem, CaptureReader, FrameDecoder } from "@synprint/core"
import { BatchRing } from "./batch-ring.ts"

declare const self: Worker

export interface DecodeRequest {
  readonly descriptor: number
  readonly isP0fMode: boolean
  readonly memory: SharedArrayBuffer
}

/** The last batch, as JSON; its fields are absent when the file ended as it should. */
export interface DecodeEnd {
  readonly problem?: CaptureProblem
  /** errno of read(2), or what should not happen. */
  readonly failure?: { readonly code: string | undefined; readonly message: string }
}

const CHUNK_BYTES = 1 << 18

function decode({ descriptor, isP0fMode, memory }: DecodeRequest): void {
  const ring = new BatchRing(memory)
  const decoder = new FrameDecoder(isP0fMode, ring.toFill(), (full) => {
    full.offset = reader.offset
    ring.filled()
    return ring.toFill()
  })
  const reader = new CaptureReader((frame) => decoder.frame(frame), { asLibpcap: isP0fMode })
  let end: DecodeEnd | undefined
  try {
    const chunk = new Uint8Array(CHUNK_BYTES)
    while (decoder.batch !== undefined) {
      const length = readSync(descriptor, chunk, 0, CHUNK_BYTES, null)
      if (length === 0 || reader.push(length === CHUNK_BYTES ? chunk : chunk.subarray(0, length)) !== undefined) break
    }
    const problem = reader.end()
    if (problem !== undefined) end = { problem }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    end = { failure: { code, message } }
  } finally {
    closeSync(descriptor)
  }
  decoder.end(end === undefined ? new Uint8Array(0) : Buffer.from(JSON.stringify(end)))
}

self.addEventListener("message", ({ data }: MessageEvent<DecodeRequest>) => {
  decode(data)
  process.exit() // of this thread alone
})
