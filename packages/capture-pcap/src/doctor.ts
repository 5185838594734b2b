/**
 * Checks of `doctor` for a capture by libpcap.
 */
import * as Effect from "effect/Effect"
import { hasCapability, interfaceNames, readProcessStatus } from "@synprint/linux"
import type { Check } from "@synprint/service"
import type { PcapOptions } from "./config.ts"
import { filterProblems, synFilterText } from "./filter.ts"
import { ANY, GRANT_NET_RAW, openHandle, openLibpcap } from "./handle.ts"
import type { Libpcap } from "./libpcap.ts"
import { interfaceAddresses, type InterfaceAddress } from "./missed-interface.ts"

/** Frames of TPACKET_V2 carry a header and an address beside the bytes; measured with libpcap 1.10.3. */
const FRAME_OVERHEAD_BYTES = 112

export const doctor = (options: PcapOptions): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.scoped(
    Effect.gen(function* () {
      const checks: Array<Check> = [...filterChecks(options)]
      const names = options.interfaces.length === 0 ? [ANY] : options.interfaces
      checks.push(...interfaceChecks(names, interfaceNames()))
      checks.push(...addressChecks(options, names, interfaceAddresses()))
      checks.push(capabilityCheck(readProcessStatus()))
      checks.push(bufferCheck(options))
      checks.push(...promiscuousChecks(options, names))
      const library = yield* Effect.result(openLibpcap)
      if (library._tag === "Failure") {
        checks.push(fail("pcap: library", library.failure.reason, library.failure.hint))
        return checks
      }
      const c = library.success
      checks.push(ok("pcap: library", String(c.pcap_lib_version())))
      for (const name of names) checks.push(yield* openCheck(c, options, name))
      return checks
    })
  )

/** Opens the interface as the service would, and closes it. */
const openCheck = (c: Libpcap, options: PcapOptions, name: string): Effect.Effect<Check> =>
  openHandle(c, { interface: name, ...options.config }, (isEthernet) => synFilterText(options.filter, isEthernet)).pipe(
    Effect.map((handle) => ok(`pcap: open ${name}`, `link type ${handle.linkType}, filter installed`)),
    Effect.catch((error) => Effect.succeed(fail(`pcap: open ${name}`, error.reason, error.hint))),
    Effect.scoped
  )

function filterChecks(options: PcapOptions): ReadonlyArray<Check> {
  return filterProblems(options.filter).map((bad) =>
    fail("pcap: filter", `${bad.entry}: ${bad.problem}`, "correct [capture] ports and addresses")
  )
}

export function interfaceChecks(wanted: ReadonlyArray<string>, present: ReadonlyArray<string>): ReadonlyArray<Check> {
  return wanted.map((name) =>
    name === ANY || present.includes(name)
      ? ok(`pcap: interface ${name}`, name === ANY ? `all of ${present.join(", ")}` : "present")
      : fail(`pcap: interface ${name}`, "no such interface", `set [capture] interface to one of ${present.join(", ")}`)
  )
}

/** Each configured server address has to be on a captured interface. */
export function addressChecks(
  options: PcapOptions,
  names: ReadonlyArray<string>,
  addresses: ReadonlyArray<InterfaceAddress>
): ReadonlyArray<Check> {
  if (names.includes(ANY)) return []
  const checks: Array<Check> = []
  for (const address of options.filter.addresses) {
    if (address === "0.0.0.0" || address === "::") continue
    const holder = addresses.find((entry) => entry.address === address)
    const name = `pcap: address ${address}`
    if (holder === undefined) {
      checks.push(
        warn(name, "on no interface of this machine", "check [capture] addresses; a balancer in front may hold it")
      )
    } else if (names.includes(holder.interface)) checks.push(ok(name, `on ${holder.interface}`))
    else {
      const next = `add ${holder.interface} to [capture] interface`
      checks.push(fail(name, `on ${holder.interface}, which is not captured`, next))
    }
  }
  return checks
}

/** From the text of /proc/self/status. */
export function capabilityCheck(status: string): Check {
  const name = "pcap: CAP_NET_RAW"
  if (hasCapability(status, "CapEff", "CAP_NET_RAW")) return ok(name, "effective")
  if (!hasCapability(status, "CapBnd", "CAP_NET_RAW")) {
    return fail(
      name,
      "not in the bounding set of this process",
      "allow it in the container (--cap-add NET_RAW) or unit"
    )
  }
  return fail(name, "not effective", GRANT_NET_RAW)
}

/** Checks how many packets the ring holds: each takes a frame of snaplen bytes, however short it is. */
export function bufferCheck(options: PcapOptions): Check {
  const { bufferBytes, snaplen } = options.config
  const frames = Math.floor(bufferBytes / (snaplen + FRAME_OVERHEAD_BYTES))
  const detail = `${frames} SYNs of ${snaplen} bytes`
  return frames < 4096
    ? warn("pcap: ring", detail, "raise [capture.pcap] buffer or lower snaplen: 4096 are 20 ms of a flood")
    : ok("pcap: ring", detail)
}

/** Only SYNs to this machine matter to a front end on it; a mirror port needs the flag, and a device by name. */
export function promiscuousChecks(options: PcapOptions, names: ReadonlyArray<string>): ReadonlyArray<Check> {
  if (!options.config.promiscuous || !names.includes(ANY)) return []
  const next = "name the interfaces in [capture] interface, or remove [capture.pcap] promiscuous"
  return [warn("pcap: promiscuous", "has no effect on any", next)]
}

function ok(name: string, detail: string): Check {
  return { name, result: "ok", detail, next: undefined }
}

function warn(name: string, detail: string, next: string): Check {
  return { name, result: "warn", detail, next }
}

function fail(name: string, detail: string, next: string): Check {
  return { name, result: "fail", detail, next }
}
