/**
 * Claim: what a request says its platform is, against what its SYN shows.
 *
 *     bits 0-2 platform of the User-Agent   3 SAFARI   4-6 platform of Sec-CH-UA-Platform   7 Sec-CH-UA-Mobile is ?1
 *
 * A VPN keeps the client's stack, a proxy doesn't; a script rarely has the stack of the browser it plays (zardaxt's os_mismatch, p0f's bad_sw).
 */
import {
  contradict,
  FAMILIES_LINUX_KERNEL,
  FAMILY_APPLE,
  FAMILY_BSD,
  FAMILY_CONSOLE,
  FAMILY_EMBEDDED,
  FAMILY_LINUX,
  FAMILY_NAMES,
  FAMILY_WINDOWS,
  printFamilies
} from "../tcp/database/stack-family.ts"
import { PLATFORM_MASK, PLATFORM_NAMES, PLATFORM_WINDOWS, SAFARI } from "./user-agent.ts"

const HINT_SHIFT = 4
const MOBILE = 1 << 7
/** Nothing is claimed. */
export const NO_CLAIM = 0

/** Stack families on which a platform runs. Chrome on Android says "X11; Linux" when the desktop site is asked for; Xbox runs Windows. */
const FAMILIES: ReadonlyArray<number> = [
  0,
  FAMILY_WINDOWS,
  FAMILIES_LINUX_KERNEL | FAMILY_EMBEDDED,
  FAMILIES_LINUX_KERNEL,
  FAMILIES_LINUX_KERNEL,
  FAMILY_APPLE,
  FAMILY_BSD,
  FAMILY_CONSOLE | FAMILY_WINDOWS | FAMILY_BSD
]

/** Families that a claim can contradict: scanners and user-space stacks have hints of their own. */
const COMPARED: number =
  FAMILY_WINDOWS | FAMILIES_LINUX_KERNEL | FAMILY_APPLE | FAMILY_BSD | FAMILY_CONSOLE | FAMILY_EMBEDDED

/** Packs what user-agent.ts found. */
export function claimOf(userAgent: number, clientHint: number, isMobile: boolean): number {
  return userAgent | (clientHint << HINT_SHIFT) | (isMobile ? MOBILE : 0)
}

/** Names for a configuration's pairs: what is claimed. */
export const CLAIMS: ReadonlyArray<string> = [...PLATFORM_NAMES.slice(1), "safari"]
/** And the stack below it. */
export const STACKS: ReadonlyArray<string> = FAMILY_NAMES.filter((_, bit) => (COMPARED & (1 << bit)) !== 0)

/** Pairs of claim and stack that are no mismatch, such as "linux/windows": WSL 1. */
export class Tolerated {
  /** By platform, Safari last: bits of stack families. */
  readonly #families = new Uint16Array(PLATFORM_NAMES.length + 1)

  /** Pairs that name something else are passed over: the configuration refused them. */
  constructor(pairs: ReadonlyArray<string>) {
    for (const pair of pairs) {
      const [claim, stack] = pair.split("/")
      const at = CLAIMS.indexOf(claim!) + 1
      const bit = (FAMILY_NAMES as ReadonlyArray<string>).indexOf(stack!)
      if (at > 0 && bit >= 0) this.#families[at]! |= 1 << bit
    }
  }

  has(claim: number, families: number): boolean {
    const safari = (claim & SAFARI) === 0 ? 0 : this.#families[PLATFORM_NAMES.length]!
    return ((this.#families[claim & PLATFORM_MASK]! | safari) & families) !== 0
  }
}

export interface Mismatch {
  readonly reason: string
  /** The stack contradicts; false: only the client's own words contradict each other. */
  readonly byStack: boolean
}

/** Returns how the stack (0: not known), or the claim itself, contradicts the claim. */
export function mismatchOf(claim: number, families: number, tolerated: Tolerated): Mismatch | undefined {
  const platform = claim & PLATFORM_MASK
  const hinted = (claim >> HINT_SHIFT) & PLATFORM_MASK
  const stack = (families & ~COMPARED) === 0 ? families : 0
  const said = platform === 0 ? hinted : platform
  if (said !== 0 && contradict(FAMILIES[said]!, stack) && !tolerated.has(platform === 0 ? hinted : claim, stack)) {
    const word = platform === 0 ? "client hint" : "ua"
    return { reason: `${PLATFORM_NAMES[said]} ${word}, ${stackName(stack)} stack`, byStack: true }
  }
  if (contradict(FAMILIES[platform]!, FAMILIES[hinted]!)) {
    return { reason: `${PLATFORM_NAMES[platform]} ua, ${PLATFORM_NAMES[hinted]} client hint`, byStack: false }
  }
  if (platform === PLATFORM_WINDOWS && (claim & MOBILE) !== 0) {
    return { reason: "windows ua, mobile client hint", byStack: false }
  }
  return undefined
}

/** `windows`, `linux or windows`; `linux` stands for everything on its kernel. */
export function stackName(families: number): string {
  const isLinux = (families & FAMILY_LINUX) !== 0
  return printFamilies(isLinux ? (families & ~FAMILIES_LINUX_KERNEL) | FAMILY_LINUX : families)
}
