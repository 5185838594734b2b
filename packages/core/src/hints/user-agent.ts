/**
 * User-Agent and the client hints Sec-CH-UA-Platform and Sec-CH-UA-Mobile: which platform a client says it is.
 *
 *     Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 ...      RFC 9110 section 10.1.5
 *                  the first comment decides; words after it only when it names no platform
 *     Sec-CH-UA-Platform: "Windows"     Sec-CH-UA-Mobile: ?1                https://wicg.github.io/ua-client-hints
 *
 * Words are runs of letters, compared without case, in one pass. Robots, tools and libraries that name no platform, browsers that
 * fetch by a server of their own (Opera Mini, Puffin), contradictions and absurd input give PLATFORM_UNKNOWN: what isn't clear is
 * never held against anybody.
 */
import { EMPTY_HASH, hashByte, hashBytes } from "../bytes/hash.ts"
import type { StackFamily } from "../tcp/database/stack-family.ts"

export const PLATFORM_UNKNOWN = 0
export const PLATFORM_WINDOWS = 1
export const PLATFORM_LINUX = 2
export const PLATFORM_ANDROID = 3
export const PLATFORM_CHROMEOS = 4
export const PLATFORM_APPLE = 5
export const PLATFORM_BSD = 6
export const PLATFORM_CONSOLE = 7
export const PLATFORM_MASK = 7
/** Safari or the system's own library, whose connections iCloud Private Relay may carry; beside PLATFORM_APPLE. */
export const SAFARI = 8

/** By platform, in the words of stack families. */
export const PLATFORM_NAMES: ReadonlyArray<StackFamily | "unknown"> = [
  "unknown",
  "windows",
  "linux",
  "android",
  "chromeos",
  "apple",
  "bsd",
  "console"
]

/** A longer one is nobody's; in-app browsers reach 700. */
const USER_AGENT_MAX = 1024

// Meaning of a word: bits of platforms by number, and others.
const WINDOWS: number = 1 << PLATFORM_WINDOWS
const LINUX: number = 1 << PLATFORM_LINUX
const ANDROID: number = 1 << PLATFORM_ANDROID
const CHROMEOS: number = 1 << PLATFORM_CHROMEOS
const APPLE: number = 1 << PLATFORM_APPLE
const BSD: number = 1 << PLATFORM_BSD
const CONSOLE: number = 1 << PLATFORM_CONSOLE
/** Another system: Solaris, Symbian. */
const OTHER = 1 << 8
const PLATFORMS: number = WINDOWS | LINUX | ANDROID | CHROMEOS | APPLE | BSD | CONSOLE | OTHER
/** Systems on the Linux kernel are no contradiction: "Linux; Android". */
const LINUX_KERNEL: number = LINUX | ANDROID | CHROMEOS
/** A robot, or a browser whose server fetches. */
const ROBOT = 1 << 9
const PHONE = 1 << 10
/** Names another browser on Apple's engine, or none of Apple's. */
const NOT_SAFARI = 1 << 11
const VERSION = 1 << 12
const LIBRARY = 1 << 13
const OPERA = 1 << 14
const MINI = 1 << 15

const WORDS: ReadonlyArray<readonly [flag: number, words: string]> = [
  // "Win" stands before 32, 64, 95 and 98; mingw and cygwin are in what curl and Wget say of themselves.
  [WINDOWS, "windows win winnt mingw cygwin cryptoapi ncsi winhttp miniredir"],
  [LINUX, "linux ubuntu fedora debian tizen webos kaios"],
  [ANDROID, "android dalvik"],
  [CHROMEOS, "cros"],
  [APPLE, "macintosh mac macos osx iphone ipad ipod ipados ios watchos tvos applecoremedia darwin"],
  [APPLE | LIBRARY, "cfnetwork"],
  [BSD, "freebsd openbsd netbsd dragonfly"],
  [CONSOLE, "playstation nintendo xbox"],
  [OTHER, "sunos solaris aix hpux irix symbian symbianos beos haiku blackberry qnx"],
  // Services that fetch under a browser's name; Outlook for phones is fetched for by Microsoft.
  [ROBOT, "slurp puffin googleweblight googleimageproxy yahoomailproxy lighthouse gtmetrix"],
  [ROBOT, "googleother feedfetcher mediapartners inspectiontool outlook"],
  [PHONE, "phone"],
  [
    NOT_SAFARI,
    "chrome chromium crios fxios firefox edg edge edgios edga opr opios opera ddg duckduckgo msie trident yabrowser"
  ],
  [VERSION, "version"],
  [MINI, "mini"]
]

function letters(word: string): Uint8Array {
  return Uint8Array.from(word, (letter) => letter.charCodeAt(0))
}

/** A letter in lower case, 0 for every other byte. */
const LETTER = new Uint8Array(256)
for (let i = 0x61; i <= 0x7a; i++) LETTER[i] = LETTER[i - 0x20] = i

const TABLE_SHIFT = 24
/** By the upper bits of the hash: hash, length and flags of a word. */
const table: Array<ReadonlyArray<{ readonly bytes: Uint8Array; readonly hash: number; readonly flags: number }>> =
  Array.from({ length: 256 }, () => [])
for (const [flags, words] of WORDS) {
  for (const word of words.split(" ")) {
    const bytes = letters(word)
    const hash = hashBytes(bytes, 0, bytes.length)
    const at = hash >>> TABLE_SHIFT
    table[at] = [...table[at]!, { bytes, hash, flags: flags | (word === "opera" ? OPERA : 0) }]
  }
}
const LONGEST = 16

/** Returns the meaning of the word of letters that ends before `end`. */
function flagsOf(bytes: Uint8Array, from: number, end: number, hash: number): number {
  const length = end - from
  if (endsAsRobot(bytes, from, end)) return ROBOT
  if (length > LONGEST || length < 2) return 0
  const bucket = table[hash >>> TABLE_SHIFT]!
  for (let i = 0; i < bucket.length; i++) {
    const entry = bucket[i]!
    if (entry.hash !== hash || entry.bytes.length !== length) continue
    let same = 0
    while (same < length && (bytes[from + same]! | 0x20) === entry.bytes[same]) same++
    if (same === length) return entry.flags
  }
  return 0
}

const BOT = letters("bot")
const SPIDER = letters("spider")
const CRAWLER = letters("crawler")

/** Googlebot, Baiduspider; not Cubot, which makes phones. */
function endsAsRobot(bytes: Uint8Array, from: number, end: number): boolean {
  const last = bytes[end - 1]! | 0x20
  if (last === 0x72) return endsIn(bytes, from, end, SPIDER) || endsIn(bytes, from, end, CRAWLER)
  if (last !== 0x74 || !endsIn(bytes, from, end, BOT)) return false
  return !(end - from === 5 && (bytes[from]! | 0x20) === 0x63 && (bytes[from + 1]! | 0x20) === 0x75)
}

function endsIn(bytes: Uint8Array, from: number, end: number, word: Uint8Array): boolean {
  const start = end - word.length
  if (start < from) return false
  for (let i = 0; i < word.length; i++) if ((bytes[start + i]! | 0x20) !== word[i]) return false
  return true
}

/** Platform that a User-Agent names, with SAFARI where that holds. Bounded by USER_AGENT_MAX bytes. */
export function platformOfUserAgent(bytes: Uint8Array, at: number, length: number): number {
  if (length > USER_AGENT_MAX || length < 0 || at < 0 || at + length > bytes.length) return PLATFORM_UNKNOWN
  const stop = at + length
  let inComment = 0
  let outside = 0
  let depth = 0
  let comments = 0
  let from = -1
  let hash = 0
  for (let i = at; i <= stop; i++) {
    const byte = i < stop ? bytes[i]! : 0x20
    const lower = LETTER[byte]!
    if (lower !== 0) {
      if (from < 0) {
        from = i
        hash = EMPTY_HASH
      }
      hash = hashByte(hash, lower)
      continue
    }
    if (from >= 0) {
      const flags = flagsOf(bytes, from, i, hash)
      if (depth > 0 && comments === 1) inComment |= flags
      else outside |= flags
      from = -1
    }
    if (byte === 0x28) {
      if (depth++ === 0) comments++
    } else if (byte === 0x29) depth = depth > 0 ? depth - 1 : 0
    else if (byte === 0x2b && isUrl(bytes, i + 1, stop)) outside |= ROBOT
    else if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) return PLATFORM_UNKNOWN
  }
  const all = inComment | outside
  if ((all & ROBOT) !== 0 || (all & (OPERA | MINI)) === (OPERA | MINI)) return PLATFORM_UNKNOWN
  const platform = platformOf((inComment & PLATFORMS) !== 0 ? inComment : outside, all)
  if (platform !== PLATFORM_APPLE || (all & NOT_SAFARI) !== 0) return platform
  return (all & (VERSION | LIBRARY)) !== 0 ? platform | SAFARI : platform
}

function platformOf(named: number, all: number): number {
  const platforms = named & PLATFORMS
  if ((platforms & CONSOLE) !== 0) return (platforms & ~(CONSOLE | WINDOWS)) === 0 ? PLATFORM_CONSOLE : PLATFORM_UNKNOWN
  // Windows Phone calls itself Android and iPhone too, so that it was sent their pages.
  if ((platforms & WINDOWS) !== 0 && (all & PHONE) !== 0) return PLATFORM_WINDOWS
  if ((platforms & LINUX_KERNEL) === platforms && platforms !== 0) {
    if ((platforms & ANDROID) !== 0) return (platforms & CHROMEOS) !== 0 ? PLATFORM_UNKNOWN : PLATFORM_ANDROID
    return (platforms & CHROMEOS) !== 0 ? PLATFORM_CHROMEOS : PLATFORM_LINUX
  }
  switch (platforms) {
    case WINDOWS:
      return PLATFORM_WINDOWS
    case APPLE:
      return PLATFORM_APPLE
    case BSD:
      return PLATFORM_BSD
    default:
      return PLATFORM_UNKNOWN
  }
}

/** `http://` or `https://` behind a plus: how robots say where they are explained. */
function isUrl(bytes: Uint8Array, at: number, stop: number): boolean {
  return (
    stop - at > 4 &&
    (bytes[at]! | 0x20) === 0x68 &&
    (bytes[at + 1]! | 0x20) === 0x74 &&
    (bytes[at + 2]! | 0x20) === 0x74 &&
    (bytes[at + 3]! | 0x20) === 0x70
  )
}

const CLIENT_HINTS: ReadonlyArray<{ readonly value: Uint8Array; readonly platform: number }> = (
  [
    ["windows", PLATFORM_WINDOWS],
    ["linux", PLATFORM_LINUX],
    ["android", PLATFORM_ANDROID],
    ["chrome os", PLATFORM_CHROMEOS],
    ["chromium os", PLATFORM_CHROMEOS],
    ["macos", PLATFORM_APPLE],
    ["mac os x", PLATFORM_APPLE],
    ["ios", PLATFORM_APPLE]
  ] as const
).map(([name, platform]) => ({ value: letters(`"${name}"`), platform }))

/** Platform of a Sec-CH-UA-Platform value, a string in quotes. */
export function platformOfClientHint(bytes: Uint8Array, at: number, length: number): number {
  for (let i = 0; i < CLIENT_HINTS.length; i++) {
    const { value, platform } = CLIENT_HINTS[i]!
    if (value.length !== length) continue
    let same = 0
    while (same < length) {
      const byte = bytes[at + same]!
      if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== value[same]) break
      same++
    }
    if (same === length) return platform
  }
  return PLATFORM_UNKNOWN
}

/** Returns true if a Sec-CH-UA-Mobile value is `?1`. */
export function isMobileClientHint(bytes: Uint8Array, at: number, length: number): boolean {
  return length === 2 && bytes[at] === 0x3f && bytes[at + 1] === 0x31
}
