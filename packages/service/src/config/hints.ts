/**
 * `[hints]`: which hints are sent for which clients. A table per hint, all alike; what is known to be legitimate is carved out by network or
 * by pair of claim and stack.
 */
import {
  CLAIMS,
  HINT_FIELDS,
  type HintField,
  type HintSettings,
  RELAY_THRESHOLDS,
  type RelayThresholds,
  STACKS,
  TOLERATED
} from "@synprint/core"
import { type Decoded, key, subTable, table, type TableKey } from "./table.ts"
import {
  duration,
  expectedOneOf,
  flag,
  fraction,
  list,
  networks,
  nonEmpty,
  printDuration,
  type Value
} from "./value.ts"

const PAIRS: ReadonlyArray<string> = CLAIMS.flatMap((claim) => STACKS.map((stack) => `${claim}/${stack}`))

/** `claim/stack`: what a client may say it is while its SYN is that of another. */
const pair: Value<string> = {
  kind: "text",
  decode: (input) =>
    PAIRS.includes(input as string)
      ? (input as string)
      : expectedOneOf(`claim/stack, claim one of ${CLAIMS.join(" ")}, stack one of ${STACKS.join(" ")}`, input, PAIRS)
}

const hintKeys = {
  enabled: key("enabled", flag, true, { reload: "live" }),
  maxScore: key("max_score", fraction, 1, { reload: "live" }),
  except: key("except", networks, [], { reload: "live" })
}

const HintTable = table(hintKeys)

const RelayTable = table({
  ...hintKeys,
  gapMs: key("gap", duration(1, 60_000), printDuration(RELAY_THRESHOLDS.callMicros / 1000), {
    reload: "live",
    text: "A hidden leg of this round trip is reported; a longer one is surer."
  }),
  leastGapMs: key("least_gap", duration(1, 60_000), printDuration(RELAY_THRESHOLDS.leastMicros / 1000), {
    reload: "live",
    text: "A hidden leg shorter than this counts as none."
  })
})

/** Texts above the tables of some hints. */
const TEXTS: Readonly<Record<string, string>> = {
  ua_mismatch:
    "One table per hint: whether it is sent, the most that it may score, and networks of clients that don't get it.",
  relay:
    "TCP ends nearer to us than TLS does: the ClientHello and TLS's round trip both waited for a hidden leg behind the relay."
}

type HintTables = {
  readonly [N in HintField]: TableKey<Decoded<N extends "relay" ? typeof RelayTable.keys : typeof hintKeys>>
}

/** A table per hint, by the name of its field. */
const hintTables = Object.fromEntries(
  HINT_FIELDS.map((name) => [name, subTable(name, name === "relay" ? RelayTable : HintTable, TEXTS[name])])
) as HintTables

export const HintsTable = table({
  minScore: key("min_score", fraction, 0, { reload: "live", text: "Hints with a lower score are left out." }),
  except: key("except", networks, [], {
    reload: "live",
    text: "Clients that get no hint at all: your monitoring, your office."
  }),
  relays: key("relays", networks, [], {
    reload: "live",
    text: "Networks of relays that you know, whose stack and timing are their own and not the user's: the egress networks of iCloud Private Relay (https://mask-api.icloud.com/egress-ip-ranges.csv), corporate web gateways, a CDN in front, carriers' proxies, Tor. Their clients get no ua-mismatch, relay, user-space-stack, scanner, shared-address or middlebox."
  }),
  relayFiles: key("relay_files", list(nonEmpty("the path of a list of networks")), [], {
    reload: "live",
    text: "Files with more such networks, read again when they change: a network a line, up to the first comma or blank, as in the list above."
  }),
  tolerate: key("tolerate", list(pair), TOLERATED, {
    reload: "live",
    text: `claim/stack pairs that are no ua-mismatch: Safari by Private Relay's egress, Android emulators, WSL 1, virtual machines and containers that send by their host. Tethering needs no entry: it keeps the stack. Claims: ${CLAIMS.join(" ")}. Stacks: ${STACKS.join(" ")}; "linux" is everything on the Linux kernel.`
  }),
  ...hintTables
})

export type HintsConfig = Decoded<typeof HintsTable.keys>

export const relayThresholds = ({ relay }: HintsConfig): RelayThresholds => ({
  callMicros: relay.gapMs * 1000,
  leastMicros: relay.leastGapMs * 1000
})

/** The policy's settings, rules in the order of the hints' numbers. */
export const hintSettings = (config: HintsConfig): HintSettings => ({
  minScore: config.minScore,
  except: config.except,
  relays: config.relays,
  tolerate: config.tolerate,
  rules: HINT_FIELDS.map((name) => config[name as HintField])
})
