/**
 * Services as the connections of a thread share them, with a real timer wheel and a generation from TOML; upstreams are fakes that the test plays.
 */
import type { Deferrable, Services } from "../connection/services.ts"
import { bytesOf } from "../http1/byte-classes.ts"
import type { AccessLog, LoggedRequest } from "../operations/access-log.ts"
import { type Counters, makeCounters } from "../operations/counters.ts"
import { Generation } from "../routing/generation.ts"
import type { EpollReader } from "../socket/epoll-reader.ts"
import { TimerWheel } from "../socket/timer-wheel.ts"
import type { Upstream } from "../upstream/upstream.ts"
import type { Downstream } from "../upstream/upstream-stream.ts"
import { FakeUpstreamStream } from "./fake-upstream-stream.ts"
import { settingsOf } from "./running-proxy.ts"

/** One route to one upstream. */
export const ONE_ROUTE = '[[routes]]\nupstream = ["http://127.0.0.1:8081"]\n'

export class FakeServices implements Services {
  generation: Generation
  readonly counters: Counters = makeCounters()
  readonly timers: TimerWheel = new TimerWheel()
  epollReader: EpollReader | undefined = undefined
  accessLog: AccessLog | undefined = undefined
  isStopping = false
  allowsRequests = true
  readonly warnings: Array<string> = []
  /** Connections to upstreams, in the order in which they were asked for. */
  readonly streams: Array<FakeUpstreamStream> = []
  /** Lines of the access log. */
  readonly logged: Array<LoggedRequest> = []
  /** Tasks that wait for their turn. */
  readonly deferred: Array<Deferrable> = []
  /** Called for each new stream. */
  onStream: (stream: FakeUpstreamStream) => void = () => {}
  #output = new Uint8Array(131_072)

  constructor(toml: string = ONE_ROUTE) {
    this.generation = new Generation(settingsOf(toml), undefined)
  }

  /** Collects the lines of an access log. */
  openLog(): void {
    this.accessLog = { add: (each: LoggedRequest) => this.logged.push(each) } as unknown as AccessLog
  }

  /** The last connection to an upstream. */
  get stream(): FakeUpstreamStream {
    return this.streams.at(-1)!
  }

  output(length: number): Uint8Array {
    if (length > this.#output.length) this.#output = new Uint8Array(length)
    return this.#output
  }

  dateLine(): Uint8Array {
    return bytesOf("Date: now\r\n")
  }

  allowsRequest(): boolean {
    return this.allowsRequests
  }

  defer(task: Deferrable): void {
    this.deferred.push(task)
  }

  /** Runs the tasks that wait. */
  runDeferred(): void {
    for (const task of this.deferred.splice(0)) task.resume()
  }

  connectUpstream(upstream: Upstream, downstream: Downstream): FakeUpstreamStream {
    const stream = new FakeUpstreamStream(downstream, upstream)
    this.onStream(stream)
    this.streams.push(stream)
    return stream
  }

  warn(text: string): void {
    this.warnings.push(text)
  }

  /** Lets time pass. */
  pass(ms: number): void {
    this.timers.advance(this.timers.nowMs + ms)
  }
}
