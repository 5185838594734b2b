/**
 * One open capture of one interface, owned by a Scope: create -> set -> activate -> filter. The library outlives the handle.
 *
 * The handle is non-blocking and in immediate mode, so that a front end that knows a connection finds its SYN in the ring: packet taps
 * run before ip_rcv. In this mode libpcap uses TPACKET_V2, a ring of frames of `snaplen` each, hence the small snap length.
 *
 * The kernel reserves a frame under a lock and fills it afterwards (net/packet/af_packet.c: tpacket_rcv), and readers read frames in
 * order. While the processor that fills a frame is stopped, as in a virtual machine whose host is busy, frames behind it cannot be
 * read. Lookups then miss although nothing was dropped.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { cString } from "@synprint/core"
import { interfaceNames } from "@synprint/linux"
import { CaptureError } from "@synprint/service"
import {
  BPF_PROGRAM_BYTES,
  DLT_LINUX_SLL,
  DLT_LINUX_SLL2,
  LIBPCAP_NAMES,
  loadLibpcapUnsafe,
  PCAP_ERRBUF_SIZE,
  PCAP_ERROR_IFACE_NOT_UP,
  PCAP_ERROR_NO_SUCH_DEVICE,
  PCAP_ERROR_PERM_DENIED,
  PCAP_ERROR_PROMISC_PERM_DENIED,
  PCAP_NETMASK_UNKNOWN,
  type Libpcap
} from "./libpcap.ts"

export const ANY = "any"

/** Instructions that grant the right to open a packet socket; both can be pasted as they are. */
export const GRANT_NET_RAW =
  "grant CAP_NET_RAW: in the systemd unit AmbientCapabilities=CAP_NET_RAW, by hand " +
  "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw " +
  "--bounding-set=-all,+net_raw COMMAND"

type Pcap = NonNullable<ReturnType<Libpcap["pcap_create"]>>

export interface HandleOptions {
  readonly interface: string
  readonly snaplen: number
  readonly bufferBytes: number
  readonly promiscuous: boolean
}

export interface Handle {
  readonly pcap: Pcap
  readonly interface: string
  /** 0 for `any`. */
  readonly interfaceIndex: number
  readonly linkType: number
}

export interface Totals {
  received: number
  kernelDrops: number
  interfaceDrops: number
}

export const openLibpcap: Effect.Effect<Libpcap, CaptureError, Scope.Scope> = Effect.acquireRelease(
  Effect.try({
    try: loadLibpcapUnsafe,
    catch: (cause) =>
      new CaptureError({
        backend: "pcap",
        attempted: `load ${LIBPCAP_NAMES.join(" or ")}`,
        reason: cause instanceof Error ? cause.message : String(cause),
        hint: "install libpcap: apt-get install libpcap0.8",
        kind: "failure",
        cause
      })
  }),
  (library) => Effect.sync(() => library.close())
).pipe(Effect.map((library) => library.symbols))

/** Opens one interface; on failure nothing is left open. The capture begins once the filter is installed. */
export const openHandle = (
  c: Libpcap,
  options: HandleOptions,
  filterText: (isEthernet: boolean) => string
): Effect.Effect<Handle, CaptureError, Scope.Scope> =>
  Effect.gen(function* () {
    const name = options.interface
    const interfaceIndex = name === ANY ? 0 : c.if_nametoindex(name)
    if (name !== ANY && interfaceIndex === 0) return yield* noSuchInterface(name)
    const pcap = yield* Effect.acquireRelease(
      Effect.suspend(() => {
        const errbuf = new Uint8Array(new ArrayBuffer(PCAP_ERRBUF_SIZE))
        const created = c.pcap_create(name, errbuf)
        return created === null
          ? Effect.fail(openFailed(name, text(errbuf), "check the name of the interface"))
          : Effect.succeed(created)
      }),
      (created) => Effect.sync(() => c.pcap_close(created))
    )
    c.pcap_set_snaplen(pcap, options.snaplen)
    c.pcap_set_buffer_size(pcap, options.bufferBytes)
    c.pcap_set_promisc(pcap, options.promiscuous && name !== ANY ? 1 : 0)
    c.pcap_set_immediate_mode(pcap, 1)
    // Immediate mode does not use the timeout, but 0 would mean "wait forever" on a kernel without that mode.
    c.pcap_set_timeout(pcap, 1)
    const activated = c.pcap_activate(pcap)
    if (activated < 0) return yield* activateFailed(c, pcap, name, activated)
    const errbuf = new Uint8Array(new ArrayBuffer(PCAP_ERRBUF_SIZE))
    if (c.pcap_setnonblock(pcap, 1, errbuf) !== 0) {
      return yield* openFailed(name, text(errbuf), "libpcap refused the non-blocking mode: report this")
    }
    // SLL2 (libpcap >= 1.10) names the interface of each packet; the older SLL does not.
    if (c.pcap_datalink(pcap) === DLT_LINUX_SLL) c.pcap_set_datalink(pcap, DLT_LINUX_SLL2)
    const handle: Handle = { pcap, interface: name, interfaceIndex, linkType: c.pcap_datalink(pcap) }
    yield* setHandleFilter(c, handle, filterText)
    return handle
  })

/** Compiles and installs a filter on an open handle. The caller drains the ring first. */
export const setHandleFilter = (
  c: Libpcap,
  handle: Handle,
  filterText: (isEthernet: boolean) => string
): Effect.Effect<void, CaptureError> =>
  Effect.suspend(() => {
    // Try the VLAN form first: link types without VLAN support refuse it, as in p0f (p0f.c: prepare_bpf).
    const program = new Uint8Array(new ArrayBuffer(BPF_PROGRAM_BYTES))
    const compiled =
      c.pcap_compile(handle.pcap, program, filterText(true), 1, PCAP_NETMASK_UNKNOWN) === 0 ||
      c.pcap_compile(handle.pcap, program, filterText(false), 1, PCAP_NETMASK_UNKNOWN) === 0
    if (!compiled) return Effect.fail(filterFailed(c, handle))
    const result = c.pcap_setfilter(handle.pcap, program)
    c.pcap_freecode(program)
    return result === 0 ? Effect.void : Effect.fail(filterFailed(c, handle))
  })

/** Adds the kernel's counters since the handle was opened to `into`. It reads files in /sys, so keep it off hot paths. */
export function readTotals(c: Libpcap, handle: Handle, into: Totals): void {
  const counters = new Uint32Array(new ArrayBuffer(12))
  if (c.pcap_stats(handle.pcap, counters) !== 0) return
  into.received += counters[0]!
  into.kernelDrops += counters[1]!
  into.interfaceDrops += counters[2]!
}

export function errorText(c: Libpcap, handle: Handle): string {
  return String(c.pcap_geterr(handle.pcap))
}

function activateFailed(c: Libpcap, pcap: Pcap, name: string, result: number): CaptureError {
  const reason = String(c.pcap_geterr(pcap)) || String(c.pcap_statustostr(result))
  switch (result) {
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      return new CaptureError({
        backend: "pcap",
        attempted: `open ${name}`,
        reason: `EPERM, ${reason}`,
        hint: GRANT_NET_RAW,
        kind: "privilege"
      })
    case PCAP_ERROR_NO_SUCH_DEVICE:
      return noSuchInterface(name)
    case PCAP_ERROR_IFACE_NOT_UP:
      return openFailed(name, "the interface is down", `ip link set ${name} up`)
    default:
      return openFailed(name, reason, "run doctor for more")
  }
}

function noSuchInterface(name: string): CaptureError {
  return new CaptureError({
    backend: "pcap",
    attempted: `open ${name}`,
    reason: "no such interface",
    hint: `set [capture] interface to one of ${[...interfaceNames(), ANY].join(", ")}`,
    kind: "config"
  })
}

function openFailed(name: string, reason: string, hint: string): CaptureError {
  return new CaptureError({ backend: "pcap", attempted: `open ${name}`, reason, hint, kind: "failure" })
}

function filterFailed(c: Libpcap, handle: Handle): CaptureError {
  return new CaptureError({
    backend: "pcap",
    attempted: `set the filter on ${handle.interface}`,
    reason: String(c.pcap_geterr(handle.pcap)),
    hint: "check [capture] ports and addresses",
    kind: "config"
  })
}

const text = (errbuf: Uint8Array): string => new TextDecoder().decode(cString(errbuf))
