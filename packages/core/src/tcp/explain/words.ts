/**
 * Explanations of the words of a TCP signature: options (IANA tcp-parameters), quirks (p0f README), window rules.
 */
import { KIND_EOL } from "../signature/option-layout.ts"
import { clampedInterfaceMss, interfaceOfMss } from "../path/interface-mss.ts"
import { largestMssMultiple } from "../signature/signature.ts"

const OPTIONS = new Map([
  [1, "padding that aligns what follows"],
  [2, "maximum segment size (RFC 9293)"],
  [3, "window scale (RFC 7323)"],
  [4, "selective acknowledgements permitted (RFC 2018)"],
  [5, "selective acknowledgements: they have no place in a SYN"],
  [8, "timestamps (RFC 7323)"],
  [19, "TCP-MD5, as BGP speakers use it (RFC 2385)"],
  [28, "user timeout (RFC 5482)"],
  [29, "TCP-AO (RFC 5925)"],
  [30, "Multipath TCP (RFC 8684)"],
  [34, "TCP Fast Open: asks for a cookie or carries one (RFC 7413)"],
  [253, "experiment 1 (RFC 4727)"],
  [254, "experiment 2 (RFC 4727), as Linux before 4.1 sent TCP Fast Open"]
])

/** Meaning of an option kind; `pad` is the N of `eol+N`. */
export function optionMeaning(kind: number, pad: number): string {
  if (kind === KIND_EOL) return `end of the options, ${pad} ${pad === 1 ? "byte" : "bytes"} of padding after it`
  return OPTIONS.get(kind) ?? `option ${kind}: no stack is known to send it in a SYN`
}

/** By bit of signature.ts: LINE_QUIRK_NAMES. */
export const QUIRK_MEANINGS: ReadonlyArray<string> = [
  "don't fragment is set: path MTU discovery",
  "IP ID is not 0 although don't fragment is set",
  "IP ID is 0 although don't fragment is not set",
  "ECN is asked for, or ECN bits are set in the IP header",
  "the reserved bit of the IPv4 header is set",
  "IPv6 flow label is not 0: the modern mode ignores it",
  "sequence number is 0: no ordinary stack chooses that",
  "acknowledgement number is not 0 without the ACK flag: a probe",
  "acknowledgement number is 0 with the ACK flag",
  "urgent pointer is not 0 without the URG flag",
  "URG flag is set",
  "PSH flag is set",
  "own timestamp is 0",
  "peer's timestamp is not 0 in a first SYN",
  "padding after the end of the options is not 0",
  "window scale above 14 (RFC 7323 allows 14)",
  "options are malformed",
  "sequence number is the destination's IPv4 address: Mirai's scanner"
]

/**
 * Explains the relation of a window to the MSS; undefined: there is none. Linux since 4.20 and Windows 10/11 choose the largest
 * multiple, of the MSS of their own interface.
 */
export function windowRule(win: number, mss: number): string | undefined {
  if (win === 65535) return "the most that fits: it says nothing about the interface"
  if (mss < 100) return undefined
  if (win === largestMssMultiple(mss)) {
    return "the largest multiple of the MSS up to 64 KiB: the sender's own interface has this MTU"
  }
  const interfaceMss = clampedInterfaceMss(win, mss)
  if (interfaceMss !== 0) {
    const link = interfaceOfMss(interfaceMss)!.name
    return `the largest multiple of ${interfaceMss} up to 64 KiB: sent from ${link}, the MSS was lowered on the way`
  }
  return undefined
}
