/**
 * Decode ahead: a large capture file is read and decoded by another thread (decode-worker.ts) while this one matches and
 * remembers. The order of packets stays, so what comes out is the same.
 */
import { existsSync, openSync, statSync } from "node:fs"
import type { CaptureProblem, DecodedBatch } from "@synprint/core"
import { BatchRing } from "./batch-ring.ts"
import type { DecodeEnd, DecodeRequest } from "./decode-worker.ts"

/**
 * Size of a file from which the thread pays for itself on a machine of two processors, where both are compiling code meanwhile: 64 MiB
 * took the same time either way, 16 MiB a fifth more, 170 MiB a tenth less.
 */
export const LEAST_BYTES: number = 64 << 20
/** The longest sleep of this thread before it handles its events: the other thread may have died. */
const WAIT_MS = 250

const SOURCE = new URL("./decode-worker.ts", import.meta.url)
/** In one bundle or executable there is no file of its own: the program itself begins as a Worker (cli: main.ts). */
const WORKER = existsSync(SOURCE) ? SOURCE.href : Bun.main

export class DecodeAhead {
  readonly size: number
  /** Why the file ended early; known when all batches were taken. */
  problem: CaptureProblem | undefined
  readonly #ring = new BatchRing()
  #failure: Error | undefined

  private constructor(descriptor: number, size: number, isP0fMode: boolean) {
    this.size = size
    const worker = new Worker(WORKER, { argv: ["decode"], ref: false })
    worker.addEventListener("error", ({ message }) => {
      this.#failure ??= new Error(`the thread that decodes ended: ${message}`)
    })
    worker.postMessage({ descriptor, isP0fMode, memory: this.#ring.memory } satisfies DecodeRequest)
  }

  /** undefined for what is read by one thread: a pipe, a short file, a machine with one processor, and what can't be opened. */
  static open(name: string, isP0fMode: boolean, leastBytes: number = LEAST_BYTES): DecodeAhead | undefined {
    if (name === "-" || navigator.hardwareConcurrency < 2) return undefined
    const status = statSync(name, { throwIfNoEntry: false })
    if (status === undefined || !status.isFile() || status.size < leastBytes) return undefined
    try {
      return new DecodeAhead(openSync(name, "r"), status.size, isP0fMode)
    } catch {
      return undefined
    }
  }

  /** A batch is good until the next one is asked for. Rejects with the errno of read(2). */
  async *batches(): AsyncGenerator<DecodedBatch> {
    const ring = this.#ring
    for (;;) {
      const batch = ring.toTake(WAIT_MS)
      if (batch === undefined) {
        // oxlint-disable-next-line no-await-in-loop -- the one event to wait for is the thread's end
        await Bun.sleep(0)
        if (this.#failure !== undefined) throw this.#failure
        continue
      }
      yield batch
      if (batch.isLast) {
        this.#end(batch.text)
        return
      }
      ring.taken()
    }
  }

  #end(text: Uint8Array): void {
    if (text.length === 0) return
    const { problem, failure } = JSON.parse(Buffer.from(text).toString()) as DecodeEnd
    if (failure !== undefined) throw Object.assign(new Error(failure.message), { code: failure.code })
    this.problem = problem
  }

  /** Stops, with or without batches left. The thread ends by itself at its next batch: when it is terminated, it closes nothing. */
  close(): void {
    this.#ring.stop()
  }
}
