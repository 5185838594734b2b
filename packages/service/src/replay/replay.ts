/**
 * Replay: the packets of one capture file -> observer, by this thread or with another one's help.
 */
import { BatchFeed, type CaptureProblem, CaptureReader, type Observer } from "@synprint/core"
import type { DecodeAhead } from "./decode-ahead.ts"
import { fileChunks } from "./file-chunks.ts"
import type { ReadProgress } from "./progress.ts"
import type { WriteBehind } from "./write-behind.ts"

export interface ReplayOptions {
  /** Another thread that decodes the file. */
  readonly ahead?: DecodeAhead | undefined
  readonly progress?: ReadProgress | undefined
  readonly behind?: WriteBehind | undefined
}

/** Reads the file to its end; the problem that ended it early. Rejects with the errno of open(2), read(2) and of `behind`. */
export async function replay(
  name: string,
  observer: Observer,
  { ahead, progress, behind }: ReplayOptions
): Promise<CaptureProblem | undefined> {
  try {
    if (ahead !== undefined) {
      progress?.begin(name, ahead.size)
      const feed = new BatchFeed(observer)
      for await (const batch of ahead.batches()) {
        feed.take(batch)
        if (behind !== undefined) await behind.turn()
        progress?.show(batch.offset, observer.counts.packets)
      }
      return ahead.problem
    }
    const { size, chunks } = await fileChunks(name)
    progress?.begin(name, size)
    const reader = new CaptureReader((frame) => observer.frame(frame), { asLibpcap: observer.isP0fMode })
    for await (const chunk of chunks) {
      if (reader.push(chunk) !== undefined) break
      if (behind !== undefined) await behind.turn()
      progress?.show(reader.offset, observer.counts.packets)
    }
    return reader.end()
  } finally {
    ahead?.close()
    progress?.end()
  }
}
