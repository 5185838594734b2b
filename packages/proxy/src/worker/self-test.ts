/**
 * Start-up test: one connection over loopback per listener kind holds this Bun to what its documentation does not promise and the proxy
 * is built on.
 *
 * ```
 * own listening socket, TCP_SAVE_SYN ──dup──► Bun.listen({ fd })   accepts                              else: can't serve
 *                                              socket.fd in `open`  the SYN can be read there            else: without saved-syn
 *                      second Bun.listen({ fd }), first .stop()     both go on                           else: can't reload certificates
 * with TLS: `open` before the first read, `serverName` chooses      PROXY header, SNI                    else: can't serve TLS
 *           `serverName` gets the socket                             when the ClientHello came            else: in steps of the kernel's tick
 * ```
 */
import { isOptimising } from "@synprint/service"
import { libc, openListeningSocket, readSavedSyn } from "@synprint/linux/sockets"

export interface Finding {
  /** "error": serving would be wrong. */
  readonly level: "error" | "warn"
  readonly message: string
}

/** Parts that are tested; a test replaces one of them. */
export interface Tested {
  readonly listen: typeof Bun.listen
  readonly connect: typeof Bun.connect
  readonly readSyn: typeof readSavedSyn
  readonly isOptimising: () => boolean
}

const BUN: Tested = {
  listen: Bun.listen,
  connect: Bun.connect,
  readSyn: readSavedSyn,
  isOptimising: () => isOptimising()
}

/** Long, since who does not answer is not used: a machine that boots is busy. */
const WAIT_MS = 5000
const NAME = "self-test.invalid"

interface Seen {
  /** Events at the server, in order. */
  readonly events: Array<string>
  hasDescriptor: boolean
  synLength: number
}

/** `tls`: certificate and key of one of the listeners; undefined: there are none. */
export async function selfTest(
  tls: { readonly cert: Uint8Array; readonly key: Uint8Array } | undefined,
  tested: Tested = BUN
): Promise<ReadonlyArray<Finding>> {
  const findings: Array<Finding> = []
  const use = `this is Bun ${Bun.version}: use the version that package.json names`
  const find = (level: Finding["level"], what: string): void =>
    void findings.push({ level, message: `${what} (${use})` })
  if (!tested.isOptimising())
    findings.push({
      level: "warn",
      message: "the optimising JIT is off: expect a fraction of the speed (see BUN_JSC_ variables)"
    })

  let own: ReturnType<typeof openListeningSocket>
  try {
    own = openListeningSocket({ host: "127.0.0.1", port: 0 }, 16)
  } catch (cause) {
    findings.push({
      level: "warn",
      message: `the start-up test can't listen on 127.0.0.1: ${(cause as Error).message}`
    })
    return findings
  }
  const listeners: Array<Bun.TCPSocketListener<undefined>> = []
  const seen: Seen = { events: [], hasDescriptor: false, synLength: -1 }
  /** Another listener on the one socket. */
  const open = (tlsOptions: object = {}, tlsHandlers: object = {}): void => {
    const socket = {
      open: (socket: Bun.Socket<undefined>) => {
        seen.events.push("open")
        const { fd } = socket as { readonly fd?: number }
        seen.hasDescriptor = typeof fd === "number" && fd >= 0
        seen.synLength = tested.readSyn(fd)?.length ?? -1
      },
      data: (socket: Bun.Socket<undefined>, chunk: Buffer) => void socket.write(chunk),
      error() {},
      ...tlsHandlers
    }
    const options = { fd: libc.dup(own.fd), socket, ...tlsOptions }
    listeners.push(tested.listen(options as unknown as Bun.TCPSocketListenOptions<undefined>))
  }
  try {
    open()
    const first = await echoed(tested, own.port)
    if (first === undefined || !seen.events.includes("open")) {
      find("error", "Bun.listen does not accept from a descriptor that is given")
      return findings
    }
    if (!seen.hasDescriptor) find("warn", "an accepted socket has no descriptor: saved-syn can't answer")
    else if (own.savesSyn && seen.synLength < 0)
      find("warn", "the SYN of an accepted socket can't be read: saved-syn can't answer")
    open()
    listeners[0]!.stop()
    const second = await echoed(tested, own.port)
    if (second === undefined || !(await first.echoes()))
      find("error", "a listener that stops takes its connections or its descriptor's copies with it")
    first.end()
    second?.end()
    if (tls === undefined) return findings
    listeners[1]?.stop(true)
    seen.events.length = 0
    const handshake = (): void => void seen.events.push("handshake")
    let givesSocket = false
    const serverName = (_listener: unknown, name: string, socket?: { readonly fd?: number }): void => {
      seen.events.push(name)
      givesSocket = typeof socket?.fd === "number"
    }
    open({ tls }, { handshake, serverName })
    const third = await echoed(tested, own.port, { serverName: NAME, rejectUnauthorized: false })
    third?.end()
    if (third === undefined) find("error", "a TLS listener does not accept from a descriptor that is given")
    else if (seen.events[0] !== "open") find("error", "`open` of a TLS socket runs behind the handshake")
    else if (seen.events[1] !== NAME) find("error", "a TLS listener does not ask for the certificate of a name")
    else if (!givesSocket)
      find("warn", "a TLS listener does not say which socket asks for a name: chello_delay is coarse")
    return findings
  } catch (cause) {
    findings.push({ level: "warn", message: `the start-up test broke off: ${(cause as Error).message}` })
    return findings
  } finally {
    for (const listener of listeners) listener.stop(true)
    libc.close(own.fd)
  }
}

interface Echoed {
  /** Returns true if the server still answers. */
  readonly echoes: () => Promise<boolean>
  readonly end: () => void
}

/** A connection that got back what it sent; undefined: none in time. */
async function echoed(tested: Tested, port: number, tls?: Bun.TLSOptions): Promise<Echoed | undefined> {
  let answer = Promise.withResolvers<boolean>()
  const opened = Promise.withResolvers<Bun.Socket<undefined> | undefined>()
  const opening = tested.connect({
    hostname: "127.0.0.1",
    port,
    ...(tls === undefined ? {} : { tls }),
    socket: {
      // With TLS, behind the handshake; the promise of Bun.connect comes before it.
      open: (socket) => opened.resolve(socket),
      data: () => answer.resolve(true),
      close: () => answer.resolve(false),
      error: () => answer.resolve(false)
    }
  })
  opening.catch(() => opened.resolve(undefined))
  const socket = await within(opened.promise, undefined)
  if (socket === undefined) return undefined
  const echoes = (): Promise<boolean> => {
    answer = Promise.withResolvers<boolean>()
    socket.write("?")
    return within(answer.promise, false)
  }
  return (await echoes()) ? { echoes, end: () => socket.end() } : undefined
}

async function within<A>(promise: Promise<A>, late: A): Promise<A> {
  const { promise: expired, resolve } = Promise.withResolvers<A>()
  const timer = setTimeout(() => resolve(late), WAIT_MS)
  const first = await Promise.race([promise, expired])
  clearTimeout(timer)
  return first
}
