/**
 * Read lane: plain connections that carry request after request are read past Bun, by recv(2) into one buffer, when an epoll instance of
 * ours says so. Bun keeps the sockets: it opens, writes what the kernel did not take at once, and closes.
 *
 * ```
 * client sockets, upstream sockets ──edge──► our epoll ──► Bun's epoll ──► bell (a socket of Bun's with one byte to read)
 *         ▲                                      │                              │ data
 *         └───────────── recv, one by one ◄──────┴────── epoll_wait(0) ◄────────┘
 * ```
 * Bun's event costs an array, its memory, a way into JavaScript and the queues that are emptied behind it, per read; here one event pays for
 * all that is there to read. Our epoll is known to Bun's by the bell's data, so that what makes ours ready is an event of the bell.
 *
 * What is not the plain case leaves the lane, and Bun goes on: an end, an error, more than the buffer holds, a side that must wait.
 */
import type { Socket } from "bun"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { libc } from "./libc.ts"

// sys/epoll.h, sys/socket.h
const EPOLL_CTL_ADD = 1
const EPOLL_CTL_DEL = 2
const EPOLL_CTL_MOD = 3
const EPOLLIN = 1
const EPOLLERR = 0x08
const EPOLLHUP = 0x10
const EPOLLRDHUP = 0x2000
const EPOLLET = 0x80000000
const EPOLL_CLOEXEC = 0o2000000
const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_NONBLOCK = 0o4000
const SOCK_CLOEXEC = 0o2000000
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

/** struct epoll_event in words of 32 bits: packed on x86-64 alone. */
const EVENT_WORDS = process.arch === "x64" ? 3 : 4
const DATA_WORD = process.arch === "x64" ? 1 : 2
/** Taken at once; what is left makes the next event. */
const EVENTS_MAX = 128
/** Then Bun's own sockets and timers come between. */
const EVENTS_PER_READ = 256
/** Most messages fit; what does not is read by Bun. */
export const BUFFER_SIZE = 65_536
/** A machine that boots is busy. */
const PROBE_MS = 5000
/** Views of so many lengths are kept. */
const VIEWS = 2048

/** Whose socket can be read here. */
export interface EpollReadable {
  /** `bytes` are the lane's: they are others' after the call. */
  readonly receivedBorrowed: (bytes: Uint8Array) => void
  /** Bun reads it from now on. */
  readonly detachEpoll: () => void
  readonly broke: () => void
  readerSlot: number
}

export class EpollReader {
  readonly #epoll: number
  readonly #pair: Int32Array
  readonly #wakeUp: Socket<unknown>
  readonly #onBug: (error: Error) => void
  readonly #events = new Uint32Array(new ArrayBuffer(EVENTS_MAX * EVENT_WORDS * 4))
  readonly #event = new Uint32Array(new ArrayBuffer(EVENT_WORDS * 4))
  readonly #buffer = new Uint8Array(new ArrayBuffer(BUFFER_SIZE))
  readonly #byte = new Uint8Array(new ArrayBuffer(1))
  readonly #views: Array<Uint8Array | undefined> = Array.from({ length: VIEWS }, () => undefined)
  readonly #readers: Array<EpollReadable | undefined> = []
  readonly #descriptors: Array<number> = []
  readonly #free: Array<number> = []

  private constructor(epoll: number, pair: Int32Array, wakeUp: Socket<unknown>, onBug: (error: Error) => void) {
    this.#epoll = epoll
    this.#pair = pair
    this.#wakeUp = wakeUp
    this.#onBug = onBug
  }

  /** undefined: this Bun's event loop is not what we know, or /proc is not there; then Bun reads everything. */
  static async open(onBug: (error: Error) => void): Promise<EpollReader | undefined> {
    const pair = new Int32Array(new ArrayBuffer(8))
    if (libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) !== 0) return undefined
    const epoll = libc.epoll_create1(EPOLL_CLOEXEC)
    const handlers = { data: () => epollReader?.readEvents(), error: (_: unknown, error: Error) => onBug(error) }
    let epollReader: EpollReader | undefined
    try {
      const options = { fd: pair[0]!, socket: handlers }
      const wakeUp = await Bun.connect(options as unknown as Bun.TCPSocketConnectOptions<unknown>)
      epollReader = new EpollReader(epoll, pair, wakeUp, onBug)
      if (epollReader.#register() && (await epollReader.#probe())) return epollReader
    } catch {
      // What it is: not the event loop that we know.
    }
    if (epollReader !== undefined) epollReader.close()
    else {
      // The other end is Bun's.
      libc.close(pair[1]!)
      libc.close(epoll)
    }
    epollReader = undefined
    return undefined
  }

  /** The bell has always something to read, and is asked for it only when our epoll is ready. */
  #register(): boolean {
    const wakeUp = this.#pair[0]!
    const found = findRegistration(wakeUp)
    if (found === undefined) return false
    const { epoll, low, high } = found
    this.#set(0, low, high)
    if (libc.epoll_ctl(epoll, EPOLL_CTL_MOD, wakeUp, this.#event) !== 0) return false
    this.#rearm()
    this.#set(EPOLLIN, low, high)
    return libc.epoll_ctl(epoll, EPOLL_CTL_ADD, this.#epoll, this.#event) === 0
  }

  /** Reads one byte, from the other end of the bell. */
  async #probe(): Promise<boolean> {
    const [wakeUp, end] = this.#pair
    const outcome = Promise.withResolvers<boolean>()
    const probe: EpollReadable = {
      readerSlot: -1,
      receivedBorrowed: (bytes) => outcome.resolve(bytes.length === 1),
      detachEpoll: () => outcome.resolve(false),
      broke: () => outcome.resolve(false)
    }
    this.add(probe, end!)
    libc.send(wakeUp!, this.#byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL)
    const timer = setTimeout(() => outcome.resolve(false), PROBE_MS)
    const works = await outcome.promise
    clearTimeout(timer)
    this.remove(probe)
    return works
  }

  #set(events: number, low: number, high: number): void {
    const event = this.#event
    event[0] = events
    event[DATA_WORD] = low
    event[DATA_WORD + 1] = high
  }

  #rearm(): void {
    libc.send(this.#pair[1]!, this.#byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL)
  }

  /** Connections that it reads. */
  get size(): number {
    return this.#readers.length - this.#free.length
  }

  /** Bun must have stopped reading it. */
  add(reader: EpollReadable, descriptor: number): void {
    const slot = this.#free.pop() ?? this.#readers.length
    this.#readers[slot] = reader
    this.#descriptors[slot] = descriptor
    reader.readerSlot = slot
    this.#set(EPOLLIN | EPOLLRDHUP | EPOLLET, slot, 0)
    libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, descriptor, this.#event)
  }

  remove(reader: EpollReadable): void {
    const slot = reader.readerSlot
    libc.epoll_ctl(this.#epoll, EPOLL_CTL_DEL, this.#descriptors[slot]!, this.#event)
    reader.readerSlot = -1
    this.#readers[slot] = undefined
    this.#free.push(slot)
  }

  readEvents(): void {
    // While it reads, more comes: mostly the next answer is nearer than the next turn of Bun's loop.
    for (let left = EVENTS_PER_READ; left > 0;) {
      const count = libc.epoll_wait(this.#epoll, this.#events, EVENTS_MAX, 0)
      if (count <= 0) break
      this.#readAll(count)
      left -= count
    }
    this.#rearm()
  }

  #readAll(count: number): void {
    const events = this.#events
    for (let i = 0; i < count; i++) {
      const word = i * EVENT_WORDS
      const slot = events[word + DATA_WORD]!
      const reader = this.#readers[slot]
      // Another event of this turn ended it.
      if (reader === undefined) continue
      try {
        this.#read(reader, this.#descriptors[slot]!, events[word]!)
      } catch (error) {
        this.#onBug(error as Error)
        reader.broke()
      }
    }
  }

  #read(reader: EpollReadable, descriptor: number, events: number): void {
    const length = libc.recv(descriptor, this.#buffer, BUFFER_SIZE, MSG_DONTWAIT)
    if (length <= 0) {
      reader.detachEpoll()
      return
    }
    // It takes effect with the next turn of Bun's loop: what was read comes first.
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) !== 0 || length === BUFFER_SIZE) reader.detachEpoll()
    reader.receivedBorrowed(this.#view(length))
  }

  #view(length: number): Uint8Array {
    if (length >= VIEWS) return this.#buffer.subarray(0, length)
    return (this.#views[length] ??= this.#buffer.subarray(0, length))
  }

  close(): void {
    this.#wakeUp.terminate()
    libc.close(this.#pair[1]!)
    libc.close(this.#epoll)
  }
}

interface Registration {
  readonly epoll: number
  readonly low: number
  readonly high: number
}

/** The epoll instance that a descriptor is registered with, and its data there (proc_pid_fdinfo(5)). */
function findRegistration(descriptor: number): Registration | undefined {
  for (const name of readdirSync("/proc/self/fd")) {
    try {
      if (!readlinkSync(`/proc/self/fd/${name}`).includes("[eventpoll]")) continue
      const text = readFileSync(`/proc/self/fdinfo/${name}`, "latin1")
      for (const [, fd, data] of text.matchAll(/^tfd:\s*(\d+) events:\s*[0-9a-f]+ data:\s*([0-9a-f]+)/gm)) {
        if (Number(fd) !== descriptor) continue
        const value = BigInt(`0x${data}`)
        return { epoll: Number(name), low: Number(value & 0xffffffffn), high: Number(value >> 32n) }
      }
    } catch {
      // Closed meanwhile.
    }
  }
  return undefined
}
