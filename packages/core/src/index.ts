/**
 * @synprint/core: the names that other packages use, and the SDK (docs/sdk.md). Everything here is pure: no dependency, no Bun, no node,
 * no clock. A test compares this list with what is imported.
 */
// IP addresses and networks.
export { type Family, canonicalize6, parseAddress, printAddress } from "./address/address.ts"
export { PrefixSet, parsePrefixes } from "./address/prefix.ts"

// Numbers and texts in byte arrays.
export { putDecimal } from "./bytes/ascii.ts"
export { i32, u16 } from "./bytes/big-endian.ts"
export { cString } from "./bytes/c-string.ts"
export { equalBytes } from "./bytes/equal.ts"
export { EMPTY_HASH, hashByte } from "./bytes/hash.ts"

// Tables and the lock that threads share.
export { SharedLock } from "./collections/shared-lock.ts"
export { TaggedIndex } from "./collections/tagged-index.ts"

// Facts of a connection as an application sees them: the table of fields and the values behind it.
export { AnswerCache } from "./answer-cache.ts"
export { ConnectionInfo, STATUSES, type Status } from "./connection-info.ts"
export {
  FIELDS,
  type Field,
  type FieldScope,
  fieldOf,
  PRESETS,
  type Preset,
  RESERVED_PREFIXES,
  STATUS_FIELD
} from "./fields.ts"

// Frames, captures and SYNs as bytes; the key of a connection.
export { type CaptureProblem, CaptureReader } from "./packet/capture/capture-file.ts"
export { CapturedFrame } from "./packet/capture/captured-frame.ts"
export { type PacketSink } from "./packet/capture/record-reader.ts"
export {
  CONNECTION_KEY_BYTES,
  KEY_CLIENT,
  KEY_CLIENT_PORT,
  makeConnectionKey,
  parseConnectionKey,
  putConnectionKey
} from "./packet/connection-key.ts"
export { findTcp } from "./packet/frame.ts"
export { HeaderOffsets } from "./packet/header-offsets.ts"
export { LINKTYPE_ETHERNET } from "./packet/link.ts"
export { Packet, TCP_ACK, TCP_FIN, TCP_RST, TCP_SYN } from "./packet/packet.ts"
export { decodeSavedSyn, decodeSyn, findSavedSyn } from "./packet/syn.ts"
export {
  VERDICT_FRAGMENT,
  VERDICT_MALFORMED,
  VERDICT_TCP,
  VERDICT_TRUNCATED,
  VERDICT_UNSUPPORTED
} from "./packet/verdict.ts"

// The fingerprint of a SYN: databases, the matcher, explanations.
export { BUILTIN, BUILTIN_DATABASE } from "./tcp/database/builtin.ts"
export { type Database } from "./tcp/database/database.ts"
export { type DatabaseText, readDatabases } from "./tcp/database/reader.ts"
export { REQUEST, RESPONSE } from "./tcp/direction.ts"
export { explain } from "./tcp/explain/explain.ts"
export { printExplanation } from "./tcp/explain/text.ts"
export { type TcpFingerprint } from "./tcp/matching/fingerprint.ts"
export { Matcher, type MatcherStats } from "./tcp/matching/matcher.ts"
export { type Mode } from "./tcp/mode.ts"
export { ParseError } from "./tcp/parse-error.ts"

// Conclusions from fingerprint, timing and the words of a request.
export { CLAIMS, STACKS, claimOf } from "./hints/claim.ts"
export { DeferredAccept } from "./hints/deferred-accept.ts"
export { HandshakeTiming } from "./hints/handshake-timing.ts"
export { HINT_FIELDS, type HintField } from "./hints/hint.ts"
export { HintedLog } from "./hints/hinted-log.ts"
export { type ConnectionHints, Hinter } from "./hints/hints.ts"
export { HintPolicy, type HintSettings, TOLERATED } from "./hints/policy.ts"
export { RELAY_CALLED, RELAY_THRESHOLDS, RelayJudge, type RelayThresholds, applyTiming } from "./hints/relay.ts"
export { isMobileClientHint, platformOfClientHint, platformOfUserAgent } from "./hints/user-agent.ts"

// History of an address, and the logs of observations.
export { BatchFeed } from "./history/batch/batch-feed.ts"
export { BATCH_BYTES, BATCH_TURN, DecodedBatch } from "./history/batch/decoded-batch.ts"
export { FrameDecoder } from "./history/batch/frame-decoder.ts"
export { SharedHosts, allocateHosts } from "./history/hosts/shared-hosts.ts"
export { RequestFingerprint } from "./history/http/request-fingerprint.ts"
export { JsonLog } from "./history/log/json-log.ts"
export { type ObservationLog } from "./history/log/observation-log.ts"
export { type Tally, TextLog } from "./history/log/text-log.ts"
export { type ObserverOptions } from "./history/observer-options.ts"
export { Observer, type ObserverCounts } from "./history/observer.ts"

// p0f 3.09b to the byte: its API and its log.
export {
  P0F_FRIENDLY_REPLY_BYTES,
  P0F_QUERY_BYTES,
  P0F_QUERY_MAGIC,
  P0F_REPLY_BYTES,
  P0F_RESP_MAGIC,
  P0F_STATUS_BADQUERY,
  P0F_STATUS_NOMATCH,
  P0F_STATUS_OK,
  P0fResponder
} from "./p0f/api.ts"
export { BUFFER_BYTES, P0fLog } from "./p0f/log.ts"
