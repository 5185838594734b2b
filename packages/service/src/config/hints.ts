/**
 * `[hints]`: which hints are told of whom. A table per hint, all alike; what is known to be legitimate is carved out by network or by
 * pair of claim and stack.
 */
import {
  CLAIMS,
  type HintSettings,
  RELAY_THRESHOLDS,
  type RelayThresholds,
  STACKS,
  TOLERATED,
  parsePrefixes
} from "@synprint/core"
import { type Decoded, key, subTable, table, type Value } from "./key.ts"
import { duration, expected, flag, fraction, list, nonEmpty, printDuration, value, InvalidValue } from "./value.ts"
import { nearest } from "./nearest.ts"
import { readNetworkFile } from "./network-files.ts"

/** A network as a set of prefixes takes it: no bits beyond its length. */
const prefix: Value<string> = value("text", (input) => {
  if (typeof input !== "string") return expected('a network such as "10.0.0.0/8" or "2001:db8::/32"', input)
  const set = parsePrefixes([input])
  return "containsBytes" in set ? set.print()[0]! : new InvalidValue(set[0]!)
})

const PAIRS: ReadonlyArray<string> = CLAIMS.flatMap((claim) => STACKS.map((stack) => `${claim}/${stack}`))

/** `claim/stack`: what a client may say it is while its SYN is that of another. */
const pair: Value<string> = value("text", (input) => {
  if (PAIRS.includes(input as string)) return input as string
  const meant = typeof input === "string" ? nearest(input, PAIRS) : undefined
  const what = `claim/stack, claim one of ${CLAIMS.join(" ")}, stack one of ${STACKS.join(" ")}`
  return new InvalidValue(`${expected(what, input).message}${meant === undefined ? "" : `: did you mean "${meant}"?`}`)
})

const hintKeys = {
  enabled: key("enabled", flag, true),
  maxScore: key("max_score", fraction, 1),
  /** Clients of which this hint is never told. */
  except: key("except", list(prefix), [])
}

const HintTable = table(hintKeys)

/** A hidden leg, there and back: from where on it is told, and from where on it counts at all. */
const RelayTable = table({
  ...hintKeys,
  gapMs: key("gap", duration(1, 60_000), printDuration(RELAY_THRESHOLDS.callMicros / 1000)),
  leastGapMs: key("least_gap", duration(1, 60_000), printDuration(RELAY_THRESHOLDS.leastMicros / 1000))
})

export const HintsTable = table({
  minScore: key("min_score", fraction, 0),
  /** Clients of which nothing is hinted. */
  except: key("except", list(prefix), []),
  /** Known relays: what they explain is not hinted. */
  relays: key("relays", list(prefix), []),
  /** Files with more of them: network-files.ts. */
  relayFiles: key("relay_files", list(nonEmpty("the path of a list of networks")), []),
  tolerate: key("tolerate", list(pair), TOLERATED),
  uaMismatch: subTable("ua_mismatch", HintTable),
  tunnel: subTable("tunnel", HintTable),
  relay: subTable("relay", RelayTable),
  userSpaceStack: subTable("user_space_stack", HintTable),
  scanner: subTable("scanner", HintTable),
  sharedAddress: subTable("shared_address", HintTable),
  middlebox: subTable("middlebox", HintTable),
  spoofedHeader: subTable("spoofed_header", HintTable)
})

export type HintsConfig = Decoded<typeof HintsTable.keys>

export const relayThresholds = ({ relay }: HintsConfig): RelayThresholds => ({
  callMicros: relay.gapMs * 1000,
  leastMicros: relay.leastGapMs * 1000
})

/** The policy's settings, rules in the order of the hints' numbers. */
export function hintSettings(config: HintsConfig): HintSettings {
  return {
    minScore: config.minScore,
    except: config.except,
    // What is wrong with a file was told when the configuration was loaded.
    relays: config.relays.concat(...config.relayFiles.map((file) => readNetworkFile("", file).networks)),
    tolerate: config.tolerate,
    rules: [
      config.uaMismatch,
      config.tunnel,
      config.relay,
      config.userSpaceStack,
      config.scanner,
      config.sharedAddress,
      config.middlebox,
      config.spoofedHeader
    ]
  }
}
