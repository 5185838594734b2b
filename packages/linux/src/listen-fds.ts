/**
 * Socket activation (sd_listen_fds(3)): listening sockets that the service manager holds, so that a new process accepts where the old one
 * stopped and no connection is refused in between.
 *
 *     LISTEN_PID=1234  LISTEN_FDS=2  LISTEN_FDNAMES=http:https        descriptors 3 and 4
 */
const FIRST = 3

export interface PassedSocket {
  readonly fd: number
  /** Named "https" or "tls" (FileDescriptorName= of the socket unit). */
  readonly isTls: boolean
}

/** Returns the sockets that were passed to this process; []: none. */
export function passedSockets(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number
): ReadonlyArray<PassedSocket> {
  const count = Number(environment["LISTEN_FDS"] ?? 0)
  if (Number(environment["LISTEN_PID"]) !== pid || !Number.isInteger(count) || count < 1) return []
  const names = (environment["LISTEN_FDNAMES"] ?? "").split(":")
  return Array.from({ length: count }, (_, n) => ({ fd: FIRST + n, isTls: /^(?:https|tls)\b/.test(names[n] ?? "") }))
}
