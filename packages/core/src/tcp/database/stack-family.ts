/**
 * Stack family: the kinds of system that a database line can stand for, as one bit set. A SYN often does not distinguish two of them apart
 * (Android and ChromeOS run the Linux kernel), so a line has all that fit; two lines contradict each other when they share none.
 *
 * A line says so itself (`;@ family=linux android`); otherwise its name and class decide, which also serves p0f.fp.
 */
import { ParseError } from "../parse-error.ts"

export const FAMILY_WINDOWS: number = 1 << 0
export const FAMILY_LINUX: number = 1 << 1
export const FAMILY_ANDROID: number = 1 << 2
export const FAMILY_CHROMEOS: number = 1 << 3
/** macOS, iOS and what else runs XNU. */
export const FAMILY_APPLE: number = 1 << 4
export const FAMILY_BSD: number = 1 << 5
export const FAMILY_CONSOLE: number = 1 << 6
/** Small devices with a stack of their own: lwIP, uIP, printers. */
export const FAMILY_EMBEDDED: number = 1 << 7
/** A stack in an ordinary process: gVisor and what proxies and tunnels are built from. */
export const FAMILY_USER_SPACE: number = 1 << 8
/** A program that writes its own SYNs: scanners, flooders, tracers. */
export const FAMILY_SCANNER: number = 1 << 9
/** Named, and none of the above: Solaris, HP-UX. */
export const FAMILY_OTHER: number = 1 << 10

export type StackFamily =
  | "windows"
  | "linux"
  | "android"
  | "chromeos"
  | "apple"
  | "bsd"
  | "console"
  | "embedded"
  | "user-space"
  | "scanner"
  | "other"

/** Bit n is `FAMILY_NAMES[n]`. */
export const FAMILY_NAMES: ReadonlyArray<StackFamily> = [
  "windows",
  "linux",
  "android",
  "chromeos",
  "apple",
  "bsd",
  "console",
  "embedded",
  "user-space",
  "scanner",
  "other"
]

/** Everything that runs the Linux kernel. */
export const FAMILIES_LINUX_KERNEL: number = FAMILY_LINUX | FAMILY_ANDROID | FAMILY_CHROMEOS

const BY_NAME: ReadonlyArray<readonly [pattern: RegExp, families: number]> = [
  [/\bAndroid\b/i, FAMILY_ANDROID],
  [/\b(Chrome|Chromium) ?OS\b/i, FAMILY_CHROMEOS],
  [/\bLinux\b/i, FAMILIES_LINUX_KERNEL],
  [/\bWindows\b/i, FAMILY_WINDOWS],
  [/\b(Mac ?OS|macOS|iOS|iPhone|iPad|Darwin)\b/i, FAMILY_APPLE],
  [/(Free|Open|Net|DragonFly ?)BSD\b/i, FAMILY_BSD],
  [/\b(Nintendo|Play ?Station|Xbox)\b/i, FAMILY_CONSOLE],
  [/\bgVisor\b/i, FAMILY_USER_SPACE],
  [/\b(lwIP|uIP|embedded)\b/i, FAMILY_EMBEDDED]
]

/**
 * Families of a line by its label: `name` decides, then the flavor (`Linux` `(Android)`). `isUserland` is p0f's class `!`: a program
 * that writes its own packets.
 */
export function familiesOfLabel(name: string, flavor: string | undefined, isUserland: boolean): number {
  if (isUserland) return FAMILY_SCANNER
  let families = 0
  for (const [pattern, family] of BY_NAME) if (pattern.test(name)) families |= family
  if (families === FAMILIES_LINUX_KERNEL && flavor !== undefined && /^\(?Android\b/i.test(flavor)) return FAMILY_ANDROID
  return families === 0 ? FAMILY_OTHER : families
}

/** Reads `family=`: names separated by blanks. */
export function parseFamilies(text: string): number | ParseError {
  let families = 0
  for (const word of text.split(/\s+/)) {
    const bit = (FAMILY_NAMES as ReadonlyArray<string>).indexOf(word)
    if (bit < 0) return new ParseError(`family: '${word}' is no stack family: use ${FAMILY_NAMES.join(" ")}`, 0)
    families |= 1 << bit
  }
  return families
}

/** `linux or android`; empty for none. */
export function printFamilies(families: number): string {
  return FAMILY_NAMES.filter((_, bit) => families & (1 << bit)).join(" or ")
}

/** Returns true if two answers cannot both be true; 0, unknown, contradicts nothing. */
export function contradict(a: number, b: number): boolean {
  return a !== 0 && b !== 0 && (a & b) === 0
}
