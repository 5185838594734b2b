import { afterEach, expect, test } from "bun:test"
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs"
import { libc } from "./libc.ts"
import { adoptListeningSocket, openListeningSocket, SocketError } from "./listening-socket.ts"

const IPPROTO_TCP = 6
const TCP_INFO = 11
const TCP_SAVE_SYN = 27
const LISTEN = "0A"

const closers: Array<() => void> = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

function open(host: string, port = 0, backlog = 5): ReturnType<typeof openListeningSocket> {
  const socket = openListeningSocket({ host, port }, backlog)
  closers.push(() => libc.close(socket.fd))
  return socket
}

/** Addresses on which somebody listens at a port, as /proc/net prints them. */
function listeners(family: "tcp" | "tcp6", port: number): ReadonlyArray<string> {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  return readFileSync(`/proc/net/${family}`, "latin1")
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => state === LISTEN && local.endsWith(ending))
    .map(([, local = ""]) => local.slice(0, -ending.length))
}

/** The error of a call that must throw one. */
function failure(call: () => unknown): SocketError {
  try {
    call()
  } catch (error) {
    if (error instanceof SocketError) return error
  }
  throw new Error("it should have thrown a SocketError")
}

test("listens on the address and family that are named", () => {
  const four = open("127.0.0.1")
  const six = open("::1")
  expect([listeners("tcp", four.port), listeners("tcp6", four.port)]).toEqual([["0100007F"], []])
  expect([listeners("tcp", six.port), listeners("tcp6", six.port)]).toEqual([[], ["00000000000000000000000001000000"]])
  expect([four.savesSyn, six.savesSyn]).toEqual([true, true])
  expect(Math.min(four.port, six.port)).toBeGreaterThan(1023)
})

test("a second socket may listen on the same port", () => {
  const { port } = open("127.0.0.1")
  expect(open("127.0.0.1", port).port).toBe(port)
  expect(listeners("tcp", port)).toEqual(["0100007F", "0100007F"])
})

test(":: accepts IPv4 too", async () => {
  const { fd, port } = open("::")
  closers.length = 0
  const listener = Bun.listen({ fd, socket: { data() {} } } as unknown as Bun.TCPSocketListenOptions<undefined>)
  closers.push(() => listener.stop(true))
  for (const hostname of ["127.0.0.1", "::1"]) {
    const socket = await Bun.connect({ hostname, port, socket: { data() {} } })
    socket.terminate()
  }
})

test("the backlog is the one that was asked for; the descriptor does not block and is not inherited", () => {
  const { fd } = open("127.0.0.1", 0, 77)
  const words = new Uint32Array(new ArrayBuffer(256))
  expect(libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, words, new Uint32Array([256]))).toBe(0)
  // inet_diag(7): tcpi_sacked of a listening socket is its backlog.
  expect(words[7]).toBe(77)
  // O_CLOEXEC, O_NONBLOCK, O_RDWR
  expect(/^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1]).toBe("02004002")
})

test("an error names the call and its code, and leaves no descriptor behind", () => {
  const plain = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } })
  closers.push(() => plain.stop(true))
  const before = readdirSync("/proc/self/fd").length
  const used = failure(() => openListeningSocket({ host: "127.0.0.1", port: plain.port }, 5))
  const foreign = failure(() => openListeningSocket({ host: "192.0.2.1", port: 0 }, 5))
  expect([used.message, used.code]).toEqual(["bind: EADDRINUSE", "EADDRINUSE"])
  expect([foreign.message, foreign.code]).toEqual(["bind: EADDRNOTAVAIL", "EADDRNOTAVAIL"])
  expect(readdirSync("/proc/self/fd").length).toBe(before)
})

test("an adopted socket keeps SYNs from then on; another descriptor is refused", () => {
  const { fd, port } = open("127.0.0.1")
  expect(adoptListeningSocket(fd)).toEqual({ fd, port, savesSyn: true })
  // tcp(7), TCP_SAVE_SYN: 1 keeps the SYN from its IP header on, 2 from its link header.
  const kept = new Int32Array(new ArrayBuffer(4))
  expect([libc.getsockopt(fd, IPPROTO_TCP, TCP_SAVE_SYN, kept, new Uint32Array([4])), kept[0]]).toEqual([0, 1])
  const file = openSync("/dev/null", "r")
  closers.push(() => closeSync(file))
  expect(failure(() => adoptListeningSocket(file)).message).toBe(`descriptor ${file}: errno 88`)
})
