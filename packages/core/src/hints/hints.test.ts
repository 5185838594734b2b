import { describe, expect, test } from "bun:test"
import { ConnectionInfo } from "../connection-info.ts"
import { BUILTIN, BUILTIN_DATABASE } from "../tcp/database/builtin.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { REQUEST } from "../tcp/direction.ts"
import { FAMILIES_LINUX_KERNEL, FAMILY_LINUX, FAMILY_SCANNER, FAMILY_WINDOWS } from "../tcp/database/stack-family.ts"
import { REASON_MTU, REASON_OS_DIFF } from "../history/sharing/sharing-reasons.ts"
import { parseAddress } from "../address/address.ts"
import { prefixes } from "../testing/prefixes.ts"
import { signaturePacket } from "../testing/signature-packet.ts"
import { CLAIMS, claimOf, mismatchOf, STACKS, Tolerated } from "./claim.ts"
import { EXPLAINED_BY_RELAY, HINT_FIELDS, HINT_NAMES, MEASURED, precisionOf } from "./hint.ts"
import { Hinter } from "./hints.ts"
import { HintPolicy, type HintRule, type HintSettings } from "./policy.ts"
import { RELAY_AGREED } from "./relay.ts"
import {
  PLATFORM_ANDROID,
  PLATFORM_APPLE,
  PLATFORM_CONSOLE,
  PLATFORM_LINUX,
  PLATFORM_WINDOWS,
  SAFARI
} from "./user-agent.ts"

const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
const matcher = new Matcher(database!, "modern", 256)

const LINUX = "4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"
const WINDOWS = "4:128:0:1460:mss*44,8:mss,nop,ws,nop,nop,sok:df,id+:0"
const NMAP = "4:64:0:1460:1024,0:mss::0"
const BLANKED = `4:64:0:1460:65535,9:mss,sok,${"nop,".repeat(11)}ws:df,id+:0`

const rule = (different: Partial<HintRule> = {}): HintRule => ({
  enabled: true,
  maxScore: 1,
  except: prefixes(),
  ...different
})
const settings = (different: Partial<HintSettings> = {}): HintSettings => ({
  minScore: 0,
  except: prefixes(),
  relays: prefixes(),
  tolerate: [],
  rules: HINT_NAMES.map(() => rule()),
  ...different
})
/** Settings with another rule for one hint. */
const ruled = (name: string, different: Partial<HintRule>): HintSettings =>
  settings({ rules: HINT_NAMES.map((hint) => (hint === name ? rule(different) : rule())) })

const infoOf = (signature: string | undefined, different: Partial<ConnectionInfo> = {}): ConnectionInfo => {
  const info = new ConnectionInfo()
  info.reset("ok")
  if (signature !== undefined) info.fingerprint = matcher.fingerprintOf(signaturePacket(signature), REQUEST, 0)
  return Object.assign(info, different)
}

const UA_WINDOWS = claimOf(PLATFORM_WINDOWS, 0, false)
const UA_LINUX = claimOf(PLATFORM_LINUX, 0, false)

interface Asked {
  readonly signature?: string | undefined
  readonly info?: Partial<ConnectionInfo>
  readonly claim?: number
  readonly spoofed?: number
  readonly client?: string
  readonly policy?: HintSettings
  readonly hinter?: Hinter
}

function listOf(asked: Asked): string | undefined {
  const hinter = asked.hinter ?? new Hinter(new HintPolicy(asked.policy ?? settings()))
  const address = new Uint8Array(16)
  const family = parseAddress(asked.client ?? "192.0.2.1", address)
  const connection = hinter.connection(infoOf(asked.signature, asked.info), family, address, 0)
  return hinter.list(connection, asked.claim ?? 0, asked.spoofed ?? 0)
}

describe("what is hinted", () => {
  test("nothing of an honest client, of a tool, and of a client of which nothing is known", () => {
    expect(listOf({ signature: LINUX, claim: UA_LINUX })).toBeUndefined()
    expect(listOf({ signature: LINUX })).toBeUndefined()
    expect(listOf({ claim: UA_WINDOWS })).toBeUndefined()
  })

  test("a claim that the stack contradicts", () => {
    expect(listOf({ signature: LINUX, claim: UA_WINDOWS })).toBe(
      `ua-mismatch;q=${MEASURED[0]};reason="windows ua, linux stack"`
    )
    expect(listOf({ signature: WINDOWS, claim: claimOf(PLATFORM_APPLE, 0, false) })).toContain(
      "apple ua, windows stack"
    )
    // A client hint speaks when the User-Agent names no platform.
    expect(listOf({ signature: LINUX, claim: claimOf(0, PLATFORM_WINDOWS, false) })).toContain(
      "windows client hint, linux stack"
    )
  })

  test("claims that contradict each other, whatever the stack, with half a score", () => {
    const claim = claimOf(PLATFORM_WINDOWS, PLATFORM_LINUX, false)
    expect(listOf({ claim })).toBe(`ua-mismatch;q=0.5;reason="windows ua, linux client hint"`)
    expect(listOf({ signature: WINDOWS, claim })).toBe(`ua-mismatch;q=0.5;reason="windows ua, linux client hint"`)
    expect(listOf({ claim: claimOf(PLATFORM_WINDOWS, 0, true) })).toContain("windows ua, mobile client hint")
  })

  test("systems that one kernel serves don't contradict each other", () => {
    for (const claim of [PLATFORM_ANDROID, PLATFORM_LINUX]) {
      expect(listOf({ signature: LINUX, claim: claimOf(claim, 0, false) })).toBeUndefined()
    }
    // "Desktop site" on a phone; Windows on a console.
    expect(listOf({ claim: claimOf(PLATFORM_LINUX, PLATFORM_ANDROID, true) })).toBeUndefined()
    expect(listOf({ signature: WINDOWS, claim: claimOf(PLATFORM_CONSOLE, PLATFORM_WINDOWS, false) })).toBeUndefined()
  })

  test("a scanner's SYN, whatever it says it is", () => {
    expect(listOf({ signature: NMAP, claim: UA_WINDOWS })).toMatch(/^scanner;q=[0-9.]+;reason="[^"]+"$/)
  })

  test("options that were blanked, beside others in the order of the names", () => {
    const list = listOf({ signature: BLANKED, claim: UA_WINDOWS, spoofed: 2 })!
    const names = [...list.matchAll(/(?:^|, )([a-z-]+);q=/g)].map((item) => item[1])
    expect(names).toEqual(["ua-mismatch", "middlebox", "spoofed-header"])
    expect(list).toEndWith("spoofed-header;q=1.0;count=2")
  })

  test("a tunnel that is likely enough, and its kind", () => {
    const wireguard = "4:64:0:1380:64860,7:mss,sok,ts,nop,ws:df,id+:0"
    expect(listOf({ signature: wireguard, claim: UA_LINUX })).toMatch(/^tunnel;q=0\.\d+;kind=wireguard$/)
    expect(listOf({ signature: wireguard, policy: ruled("tunnel", { enabled: false }) })).toBeUndefined()
    expect(listOf({ signature: "4:64:0:1420:64760,7:mss,sok,ts,nop,ws:df,id+:0" })).toBeUndefined()
  })

  test("a relay that shows only when TLS's handshake is over", () => {
    const hinter = new Hinter(new HintPolicy(settings()))
    const before = hinter.connection(infoOf(LINUX), 0, new Uint8Array(16), 0)
    const verdict = { score: 80, gapMicros: 120_000, reason: RELAY_AGREED }
    expect(hinter.list(hinter.withRelay(before, verdict), 0, 0)).toStartWith("relay;q=0.8;gap=120;")
    expect(hinter.list(before, 0, 0)).toBeUndefined()
    const off = new Hinter(new HintPolicy(ruled("relay", { enabled: false })))
    expect(
      off.list(off.withRelay(off.connection(infoOf(LINUX), 0, new Uint8Array(16), 0), verdict), 0, 0)
    ).toBeUndefined()
  })

  test("an address that several hosts share, from the score on that history calls it shared", () => {
    const sharing = { sharedScore: 72, sharedReasons: REASON_OS_DIFF | REASON_MTU, nat: true }
    expect(listOf({ signature: LINUX, info: sharing })).toBe('shared-address;q=0.72;reason="os_diff mtu"')
    expect(listOf({ signature: LINUX, info: { ...sharing, nat: false } })).toBeUndefined()
    expect(listOf({ signature: LINUX, info: { nat: true } })).toBeUndefined()
  })

  test("a relay from the score on that calls it one; its gap in milliseconds", () => {
    expect(listOf({ signature: LINUX, info: { relayScore: 49, relayGapMicros: 84_300 } })).toBeUndefined()
    const relay = { relayScore: 70, relayGapMicros: 84_300, relayReason: RELAY_AGREED }
    const reason = "tls and hello both slower than tcp"
    expect(listOf({ signature: LINUX, info: relay })).toBe(`relay;q=0.7;gap=84;reason="${reason}"`)
    expect(listOf({ info: { ...relay, relayScore: 100 } })).toContain(`relay;q=${MEASURED[2]};gap=84;`)
  })
})

describe("policy", () => {
  const mismatch = { signature: LINUX, claim: UA_WINDOWS } as const

  test("a score is never above what was measured nor what the operator allows", () => {
    expect(listOf({ ...mismatch, policy: ruled("ua-mismatch", { maxScore: 0.333 }) })).toContain(";q=0.33;")
    expect(listOf({ ...mismatch, policy: ruled("ua-mismatch", { maxScore: 1 }) })).toContain(`;q=${MEASURED[0]};`)
  })

  test("below the least score nothing is reported", () => {
    expect(listOf({ ...mismatch, policy: settings({ minScore: 0.99 }) })).toBeUndefined()
    expect(listOf({ claim: claimOf(PLATFORM_WINDOWS, 0, true), policy: settings({ minScore: 0.6 }) })).toBeUndefined()
  })

  test("a hint that is turned off", () => {
    expect(listOf({ ...mismatch, policy: ruled("ua-mismatch", { enabled: false }) })).toBeUndefined()
    expect(
      listOf({ signature: LINUX, spoofed: 1, policy: ruled("spoofed-header", { enabled: false }) })
    ).toBeUndefined()
  })

  test("networks: of all hints, of one, of known relays; others are reported as before", () => {
    const all = settings({ except: prefixes("192.0.2.0/24", "2001:db8::/32") })
    expect(listOf({ ...mismatch, policy: all })).toBeUndefined()
    expect(listOf({ ...mismatch, policy: all, client: "2001:db8::1" })).toBeUndefined()
    expect(listOf({ ...mismatch, policy: all, client: "198.51.100.1" })).toBeDefined()
    const one = ruled("ua-mismatch", { except: prefixes("192.0.2.0/24") })
    expect(listOf({ ...mismatch, policy: one })).toBeUndefined()
    expect(listOf({ ...mismatch, policy: one, spoofed: 1 })).toBe("spoofed-header;q=1.0;count=1")
    expect(listOf({ ...mismatch, policy: one, client: "198.51.100.1" })).toBeDefined()
    const relays = settings({ relays: prefixes("192.0.2.0/24") })
    expect(listOf({ signature: BLANKED, claim: UA_WINDOWS, policy: relays, info: { relayScore: 90 } })).toBeUndefined()
    expect(listOf({ signature: BLANKED, policy: relays, spoofed: 1 })).toBe("spoofed-header;q=1.0;count=1")
  })

  test("one Hinter, clients in and out of a network in turn, fingerprints shared", () => {
    const hinter = new Hinter(new HintPolicy(settings({ except: prefixes("192.0.2.0/24") })))
    for (let i = 0; i < 4; i++) {
      expect(listOf({ ...mismatch, hinter })).toBeUndefined()
      expect(listOf({ ...mismatch, hinter, client: "198.51.100.1" })).toBeDefined()
    }
    // Another Hinter makes its own of the same fingerprint.
    expect(listOf({ ...mismatch, policy: ruled("ua-mismatch", { maxScore: 0.5 }) })).toContain("q=0.5")
    expect(listOf({ ...mismatch, hinter, client: "198.51.100.1" })).toContain(`q=${MEASURED[0]}`)
  })

  test("tolerated pairs: Private Relay for Safari alone, WSL", () => {
    const tolerate = ["safari/linux", "linux/windows"]
    const safari = claimOf(PLATFORM_APPLE | SAFARI, 0, false)
    const chrome = claimOf(PLATFORM_APPLE, 0, false)
    expect(listOf({ signature: LINUX, claim: safari, policy: settings({ tolerate }) })).toBeUndefined()
    expect(listOf({ signature: LINUX, claim: chrome, policy: settings({ tolerate }) })).toBeDefined()
    expect(listOf({ signature: WINDOWS, claim: safari, policy: settings({ tolerate }) })).toBeDefined()
    expect(listOf({ signature: WINDOWS, claim: UA_LINUX, policy: settings({ tolerate }) })).toBeUndefined()
    expect(listOf({ signature: LINUX, claim: UA_WINDOWS, policy: settings({ tolerate }) })).toBeDefined()
  })
})

test("every claim against every family: a mismatch or not, the same for one claim by User-Agent and by client hint", () => {
  const none = new Tolerated([])
  for (let families = 0; families < 1 << 11; families++) {
    for (let claim = 1; claim < 8; claim++) {
      const byAgent = mismatchOf(claimOf(claim, 0, false), families, none)
      const byHint = mismatchOf(claimOf(0, claim, false), families, none)
      expect(byAgent === undefined).toBe(byHint === undefined)
      if (families === 0 || (families & FAMILY_SCANNER) !== 0) expect(byAgent).toBeUndefined()
    }
  }
  expect(mismatchOf(UA_WINDOWS, FAMILY_LINUX, none)?.byStack).toBe(true)
  expect(mismatchOf(UA_WINDOWS, FAMILY_LINUX | FAMILY_WINDOWS, none)).toBeUndefined()
  const apple = claimOf(PLATFORM_APPLE, 0, false)
  expect(mismatchOf(apple, FAMILIES_LINUX_KERNEL | FAMILY_WINDOWS, none)?.reason).toBe(
    "apple ua, windows or linux stack"
  )
  expect(CLAIMS).toContain("safari")
  expect(STACKS).not.toContain("scanner")
})

test("precision: the lower end of the Wilson interval, never above the share itself", () => {
  expect(precisionOf(0, 0)).toBe(0)
  expect(precisionOf(10, 10)).toBe(0.72)
  expect(precisionOf(99, 100)).toBe(0.94)
  expect(precisionOf(1000, 1000)).toBe(0.99)
  for (let reported = 1; reported < 200; reported++) {
    for (let right = 0; right <= reported; right++)
      expect(precisionOf(right, reported)).toBeLessThanOrEqual(right / reported)
  }
})

test("a hint has a name, a field and a score", () => {
  expect(HINT_FIELDS.length).toBe(HINT_NAMES.length)
  expect(MEASURED.length).toBe(HINT_NAMES.length)
  for (const score of MEASURED) expect(score > 0 && score <= 1).toBe(true)
})

test("a known relay explains every hint but the tunnel in front of it and headers that the client wrote", () => {
  expect(HINT_NAMES.filter((_, hint) => (EXPLAINED_BY_RELAY & (1 << hint)) === 0)).toEqual(["tunnel", "spoofed-header"])
})
