/**
 * Streaming reader of capture files, pcap and pcapng: bytes arrive in chunks of any size, packets leave through a sink, without a copy
 * when a packet lies whole in its chunk. Memory is bounded by the longest packet, not by the file.
 *
 * A file that ends inside a record, or whose records contradict themselves, ends there: what came before has been delivered, and the
 * problem says at which byte it stopped.
 */
import { PcapRecords } from "./pcap.ts"
import { PcapngBlocks } from "./pcapng.ts"
import { MAX_PACKET_BYTES } from "./record-reader.ts"
import type { CaptureReaderOptions, PacketSink, RecordReader } from "./record-reader.ts"

/** Why reading stopped. `format`: no capture file; `truncated`: ends inside a record; `corrupt`: a record makes no sense. */
export interface CaptureProblem {
  readonly kind: "format" | "truncated" | "corrupt"
  /** Offset in the file of the record that can't be read. */
  readonly offset: number
  readonly message: string
}

const MAGIC_BYTES = 4

export class CaptureReader {
  readonly #sink: PacketSink
  readonly #options: CaptureReaderOptions
  #records: RecordReader | undefined = undefined
  #problem: CaptureProblem | undefined = undefined
  /** A record's beginning, kept until the rest arrives. */
  #carry: Uint8Array = new Uint8Array(4096)
  #carried = 0
  /** File offset of the first byte of `#carry`, or of the next chunk when nothing is carried. */
  #offset = 0

  constructor(sink: PacketSink, options: CaptureReaderOptions = {}) {
    this.#sink = sink
    this.#options = options
  }

  /** Bytes consumed: a measure of progress. */
  get offset(): number {
    return this.#offset
  }

  /** Takes the next bytes. A problem that it returns is final: further chunks are ignored. */
  push(chunk: Uint8Array): CaptureProblem | undefined {
    let at = 0
    const length = chunk.length
    while (at < length && this.#problem === undefined) {
      const records = this.#records
      if (records !== undefined && records.skip > 0) {
        const skipped = Math.min(records.skip, length - at)
        records.skip -= skipped
        this.#offset += skipped
        at += skipped
      } else if (this.#carried > 0 || records === undefined) {
        at = this.#refill(chunk, at, records === undefined ? MAGIC_BYTES : records.wanted)
      } else {
        const end = this.#consume(records, chunk, at, length)
        if (end === length || this.#problem !== undefined) break
        at = records.skip > 0 ? end : this.#refill(chunk, end, length - end)
      }
    }
    return this.#problem
  }

  /** The end of the file: undefined when it ended between two records. */
  end(): CaptureProblem | undefined {
    if (this.#problem !== undefined) return this.#problem
    const records = this.#records
    if (records === undefined) {
      return this.#fail("format", notACapture(this.#carry.subarray(0, this.#carried)))
    }
    if (this.#carried === 0 && records.skip === 0) return undefined
    const missing = records.skip > 0 ? records.skip : records.wanted - this.#carried
    return this.#fail("truncated", `the file ends inside a record, ${missing} or more bytes are missing`)
  }

  /** Moves bytes of the chunk behind the carried ones until `wanted` are there, and reads those. Returns the new offset. */
  #refill(chunk: Uint8Array, from: number, wanted: number): number {
    const taken = Math.min(wanted - this.#carried, chunk.length - from)
    const carried = this.#carried + taken
    if (carried > this.#carry.length) {
      const grown = new Uint8Array(Math.max(carried, Math.min(2 * this.#carry.length, MAX_PACKET_BYTES)))
      grown.set(this.#carry.subarray(0, this.#carried))
      this.#carry = grown
    }
    this.#carry.set(chunk.subarray(from, from + taken), this.#carried)
    this.#carried = carried
    if (carried < wanted) return from + taken
    if (this.#records === undefined) {
      this.#records = this.#recognize()
      if (this.#records === undefined) {
        this.#fail("format", notACapture(this.#carry.subarray(0, carried)))
        return chunk.length
      }
    }
    const records = this.#records
    const end = this.#consume(records, this.#carry, 0, carried)
    if (end > 0) {
      this.#carry.copyWithin(0, end, carried)
      this.#carried = carried - end
    }
    return from + taken
  }

  #consume(records: RecordReader, bytes: Uint8Array, from: number, to: number): number {
    const end = records.read(bytes, from, to)
    this.#offset += end - from
    if (records.corrupt !== undefined) this.#fail("corrupt", records.corrupt)
    return end
  }

  #recognize(): RecordReader | undefined {
    const sink = this.#sink
    return PcapRecords.recognize(this.#carry, sink) ?? PcapngBlocks.recognize(this.#carry, sink, this.#options)
  }

  #fail(kind: CaptureProblem["kind"], reason: string): CaptureProblem {
    const where = kind === "format" ? "" : `, at byte ${this.#offset}; everything before it was read`
    this.#problem = { kind, offset: this.#offset, message: `${reason}${where}` }
    this.#carried = 0
    return this.#problem
  }
}

/** Describes what the first bytes are, as far as they show it, and what to do. */
function notACapture(head: Uint8Array): string {
  if (head.length === 0) return "not a pcap or pcapng file: it is empty (give a capture written by tcpdump -w)"
  const first = [...head].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
  const hint =
    head[0] === 0x1f && head[1] === 0x8b
      ? "gzip: decompress it first, as in zcat FILE | synprint read -"
      : head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd
        ? "zstd: decompress it first, as in zstdcat FILE | synprint read -"
        : "give a capture written by tcpdump -w, or convert it with editcap -F pcap"
  return `not a pcap or pcapng file: first bytes ${first} (${hint})`
}
