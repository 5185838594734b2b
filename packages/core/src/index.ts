/**
 * @synprint/core: the pure names, re-exported one by one.
 */
export { Answer } from "./fingerprint/answer.ts"
export { FIELDS, type Field, RESERVED_PREFIXES, STATUSES, type Status, isReservedHeader } from "./fingerprint/fields.ts"
export { type Direction, REQUEST, RESPONSE, type Shape } from "./fingerprint/shape.ts"

// fingerprint
export type {
  Database,
  HttpHeader,
  HttpSection,
  HttpSignature,
  Label,
  Link,
  Registered,
  Sys,
  TcpSignature,
  UaOs
} from "./fingerprint/database.ts"
export {
  type DatabaseProblem,
  type DatabaseReading,
  type DatabaseText,
  printProblem,
  readDatabases
} from "./fingerprint/database-reader.ts"
export { guessDistance, guessInitialTtl, MAX_DIST } from "./fingerprint/distance.ts"
export { type DistanceReason, toldDistance } from "./fingerprint/distance-reason.ts"
export { LINK_KINDS, type LinkKind, TUNNEL_KINDS, type TunnelKind } from "./fingerprint/link-facts.ts"
export { type LinkCandidate, linkName, type Tunnel } from "./fingerprint/link-table.ts"
export { Matcher, type MatcherStats } from "./fingerprint/matcher.ts"
export { type MtuOrigin } from "./fingerprint/mtu-origin.ts"
export { tunnelOf } from "./fingerprint/tunnel.ts"
export { printRawSignature } from "./fingerprint/raw-signature.ts"
export { KEY_WORDS } from "./fingerprint/shape-key.ts"
export { parseSignature } from "./fingerprint/signature-parser.ts"
export { Malformed, type Mode, printSignature, type Signature } from "./fingerprint/signature.ts"
export {
  contradict,
  FAMILIES_LINUX_KERNEL,
  FAMILY_ANDROID,
  FAMILY_APPLE,
  FAMILY_BSD,
  FAMILY_CHROMEOS,
  FAMILY_CONSOLE,
  FAMILY_EMBEDDED,
  FAMILY_LINUX,
  FAMILY_NAMES,
  FAMILY_OTHER,
  FAMILY_SCANNER,
  FAMILY_USER_SPACE,
  FAMILY_WINDOWS,
  printFamilies,
  type StackFamily
} from "./fingerprint/stack-family.ts"

// hints
export { claimOf, NO_CLAIM } from "./hints/claim.ts"
export { DeferredAccept } from "./hints/deferred-accept.ts"
export { HandshakeTiming } from "./hints/handshake-timing.ts"
export { HINT_FIELDS, HINT_NAMES } from "./hints/hint.ts"
export { type ConnectionHints, Hinter } from "./hints/hints.ts"
export { HintPolicy, type HintRule, type HintSettings } from "./hints/policy.ts"
export {
  RELAY_CALLED,
  RELAY_REASONS,
  RELAY_THRESHOLDS,
  RelayJudge,
  type RelayThresholds,
  tellTiming
} from "./hints/relay.ts"
export { isMobileClientHint, platformOfClientHint, platformOfUserAgent } from "./hints/user-agent.ts"

// packet
export {
  canonicalize6,
  type Family,
  parseAddress,
  printAddress,
  printAddressLong,
  printIpv4,
  printIpv6,
  printIpv6Long
} from "./packet/address.ts"
export { cString } from "./packet/c-string.ts"
export { type CaptureProblem, CaptureReader } from "./packet/capture-file.ts"
export {
  clearServer,
  CONNECTION_KEY_BYTES,
  encodeConnectionKey,
  KEY_CLIENT,
  makeConnectionKey,
  parseConnectionKey,
  printConnectionKey,
  putConnectionKey
} from "./packet/connection-key.ts"
export { decodeFrame, decodeLocated, locateTcp } from "./packet/frame.ts"
export {
  DLT_RAW,
  LINKTYPE_C_HDLC,
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_PPP,
  LINKTYPE_PPP_ETHER,
  LINKTYPE_PPP_HDLC,
  LINKTYPE_RAW
} from "./packet/link.ts"
export { Located } from "./packet/located.ts"
export { passesP0fFilter } from "./packet/p0f-filter.ts"
export { P0fIntake } from "./packet/p0f-intake.ts"
export {
  MAX_TCP_OPT,
  Packet,
  TCP_ACK,
  TCP_CWR,
  TCP_ECE,
  TCP_FIN,
  TCP_NS,
  TCP_PUSH,
  TCP_RST,
  TCP_SYN,
  TCP_URG
} from "./packet/packet.ts"
export { parsePrefixes, type PrefixSet } from "./packet/prefix.ts"
export { printQuirks, QUIRK_NAMES } from "./packet/quirks.ts"
export { type CaptureReaderOptions, MAX_PACKET_BYTES, type PacketSink } from "./packet/record-reader.ts"
export { decodeSavedSyn, decodeSyn, type Headers, locateSavedSyn } from "./packet/syn.ts"
export { TaggedIndex } from "./packet/tagged-index.ts"
export {
  type Verdict,
  VERDICT_FRAGMENT,
  VERDICT_MALFORMED,
  VERDICT_OTHER,
  VERDICT_TCP,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED
} from "./packet/verdict.ts"

// built-in database and explain
export { BUILTIN, BUILTIN_DATABASE } from "./fingerprint/builtin-database.ts"
export { type Difference } from "./fingerprint/explain-difference.ts"
export { type ExplainedField } from "./fingerprint/explain-fields.ts"
export { printExplanation } from "./fingerprint/explain-text.ts"
export {
  explain,
  type ExplainedLine,
  type ExplainedMatch,
  type Explanation,
  type NearLine
} from "./fingerprint/explain.ts"

// observe
export { BatchFeed } from "./observe/batch-feed.ts"
export { BATCH_BYTES, DecodedBatch } from "./observe/decoded-batch.ts"
export { FrameDecoder } from "./observe/frame-decoder.ts"
export { Hosts } from "./observe/hosts.ts"
export { JsonLog } from "./observe/json-log.ts"
export { Labels } from "./observe/labels.ts"
export {
  CLIENT,
  Endpoints,
  HttpObservation,
  type ObservationLog,
  SERVER,
  type Subject
} from "./observe/observation-log.ts"
export { type ObserverCounts } from "./observe/observer-counts.ts"
export { allocateHosts, SharedHosts } from "./observe/shared-hosts.ts"
export { Observer, type ObserverOptions } from "./observe/observer.ts"
export { QUERY_BYTES, replyBytes, type ReplyLayout, replyTo } from "./observe/p0f-api.ts"
export { P0fLog } from "./observe/p0f-log.ts"
export { REASON_NAMES, reasonNames } from "./observe/reasons.ts"
export { SHARED_THRESHOLD } from "./observe/sharing.ts"
export { ToldRequest } from "./observe/told-request.ts"
