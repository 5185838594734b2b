/**
 * Epoll reader: reads plain connections that carry one request after another by recv(2) into one buffer, when an epoll instance of ours
 * reports them ready. Bun keeps the sockets: it opens them, writes the bytes that the kernel did not take at once, and closes them.
 *
 * ```
 * client sockets, upstream sockets ──edge──► our epoll ──► Bun's epoll ──► wake-up socket (a socket of Bun's with one byte to read)
 *         ▲                                      │                              │ data
 *         └───────────── recv, one by one ◄──────┴────── epoll_wait(0) ◄────────┘
 * ```
 * For each read, Bun's event costs an array, its memory, a call into JavaScript and the queues that are drained after it; here one event
 * serves all sockets that are ready, a tenth less CPU per request. Our epoll fd is registered in Bun's epoll with the user data of the
 * wake-up socket, so our readiness is delivered as that socket's read event.
 *
 * All but the plain case is left to Bun: an end, an error, more than the buffer holds, a socket whose reading pauses.
 */
import type { Socket } from "bun"
import { readdirSync, readFileSync, readlinkSync } from "node:fs"
import { libc, MSG_DONTWAIT, MSG_NOSIGNAL } from "@synprint/linux/sockets"

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

/** struct epoll_event in words of 32 bits; it is packed on x86-64 only. */
const EVENT_WORDS = process.arch === "x64" ? 3 : 4
const DATA_WORD = process.arch === "x64" ? 1 : 2
/** Events per epoll_wait; further ones are returned by the next call. */
const EVENTS_MAX = 128
/** Yield to Bun's event loop after this many events. */
const EVENTS_PER_READ = 256
/** Most messages fit; Bun reads longer ones. */
export const BUFFER_SIZE = 65_536
/** Generous: the probe may run while the machine boots. */
const PROBE_MS = 5000
/** Number of cached subarray views, by length. */
const VIEWS = 2048

/** The reader of a socket that can be read here. */
export interface EpollReadable {
  /** `bytes` are only valid during the call. */
  receivedBorrowed(bytes: Uint8Array): void
  /** Hands the socket back to Bun. */
  detachEpoll(): void
  onReadError(): void
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

  /** undefined: Bun's event loop is not the one we know, or there is no /proc; Bun then reads everything. */
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
      // The event loop is not the one we know.
    }
    if (epollReader !== undefined) epollReader.close()
    else {
      // Bun owns the other end.
      libc.close(pair[1]!)
      libc.close(epoll)
    }
    epollReader = undefined
    return undefined
  }

  /** The wake-up socket always has a byte to read; its own event is switched off, so that only our epoll triggers it. */
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

  /** Checks that one byte from the other end of the wake-up socket arrives. */
  async #probe(): Promise<boolean> {
    const [wakeUp, end] = this.#pair
    const outcome = Promise.withResolvers<boolean>()
    const probe: EpollReadable = {
      readerSlot: -1,
      receivedBorrowed: (bytes) => outcome.resolve(bytes.length === 1),
      detachEpoll: () => outcome.resolve(false),
      onReadError: () => outcome.resolve(false)
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

  /** Number of connections that are read here. */
  get size(): number {
    return this.#readers.length - this.#free.length
  }

  /** Adds a socket that Bun has stopped reading. */
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
    // More arrives meanwhile: the next answer mostly comes sooner than the next turn of Bun's loop.
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
      // An earlier event has closed the connection.
      if (reader === undefined) continue
      try {
        this.#read(reader, this.#descriptors[slot]!, events[word]!)
      } catch (error) {
        this.#onBug(error as Error)
        reader.onReadError()
      }
    }
  }

  #read(reader: EpollReadable, descriptor: number, events: number): void {
    const length = libc.recv(descriptor, this.#buffer, BUFFER_SIZE, MSG_DONTWAIT)
    if (length <= 0) {
      reader.detachEpoll()
      return
    }
    // Detaching takes effect in the next turn of Bun's loop, so the bytes read here are delivered first.
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

/** Finds the epoll instance with which a descriptor is registered, and its user data there (proc_pid_fdinfo(5)). */
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
      // The descriptor was closed meanwhile.
    }
  }
  return undefined
}
