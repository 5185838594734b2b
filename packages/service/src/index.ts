/**
 * @synprint/service: what services are built from; the only part of core that imports effect.
 */
export {
  type FingerprintLookup,
  type FingerprintLookupOptions,
  type FingerprintLookupStats,
  type LiveFingerprintLookup,
  makeFingerprintLookup
} from "./lookup/lookup.ts"
export {
  type BackendModule,
  type CaptureBackend,
  CaptureError,
  type CaptureFilter,
  type CaptureOptions,
  type Check,
  type Connection,
  type Miss,
  type PacketFeed,
  type RawSyn,
  type SharedCapture,
  makeRawSyn
} from "./capture/backend.ts"
export {
  type BackendRegistry,
  Capture,
  type Chain,
  type ChainMember,
  type LookupCounts,
  openChain
} from "./capture/chain.ts"
export { AUTO_ORDER, type ChainChoice, type MissingPrivilege } from "./capture/choice.ts"
export { savedSyn } from "./capture/saved-syn.ts"
export { type SyntheticSyn, syntheticSyn4, syntheticSyn6, setClientPort } from "./lookup/synthetic-syn.ts"
export { openWarmUpEngine } from "./lookup/warm-up-engine.ts"
export { admin, type AdminOptions } from "./metrics/admin.ts"
export { type BackendName, captureOptions } from "./config/capture.ts"
export { noRoute } from "./config/cross-check.ts"
export { type Environment, HUGINN_VARIABLES } from "./config/environment.ts"
export { type FingerprintConfig, type HistoryConfig, historyLimits } from "./config/fingerprint.ts"
export { type HintsConfig, hintSettings, relayThresholds } from "./config/hints.ts"
export { ConfigInvalid, invalid, printProblem, type Problem } from "./config/problem.ts"
export { type HeadersConfig, PRESETS, type ProxyConfig, type RouteConfig } from "./config/proxy.ts"
export type { AdminConfig, LogConfig, P0fApiConfig, Program, ReloadConfig } from "./config/service.ts"
export type { SpoaConfig } from "./config/spoa.ts"
export { SETTINGS, type Setting } from "./config/tables.ts"
export {
  type CaptureConfig,
  type Config,
  type ConfigRequest,
  type ConfigSource,
  loadConfig,
  parseConfig
} from "./config/config.ts"
export { background, serveUntilStopped, Vital, vital, watchInterval } from "./lifecycle/daemons.ts"
export { isOptimising, requireJit, WithoutJit } from "./lifecycle/jit.ts"
export { EXIT_CONFIG, EXIT_FAILURE, EXIT_OK, EXIT_PRIVILEGE, EXIT_USAGE, UsageError } from "./lifecycle/exit-codes.ts"
export { isLocal, type ListenAddress, parseListenAddress, printListenAddress } from "./config/listen-address.ts"
export { AlreadyRunning, pidLock } from "./lifecycle/pid-lock.ts"
export { logging, onSignal } from "./lifecycle/logging.ts"
export { printCause, runMain } from "./lifecycle/main.ts"
export { Counter, Histogram, type Labels, Metrics, VERSION } from "./metrics/metrics.ts"
export { nearest } from "./config/nearest.ts"
export { networkFileProblems } from "./config/network-files.ts"
export { type WatchedConfig, watchConfig, type WatchOptions } from "./lifecycle/reload.ts"
export { summary, type SummaryOptions } from "./metrics/start-summary.ts"
export { certificateProblems, checkConfig } from "./config/check.ts"
export { databaseFileNames, databaseLoader, loadDatabases } from "./config/databases.ts"
export { check } from "./doctor/check.ts"
export { doctor, hasFailed, printChecks } from "./doctor/doctor.ts"
export { explainSignature, type ExplainOptions } from "./replay/explain.ts"
export { openObservationFile, type WriteObservations } from "./lifecycle/observation-file.ts"
export { LogFile, LogFileError } from "./lifecycle/log-file.ts"
export { writeAll } from "./lifecycle/write-all.ts"
export { ListenError, listenError } from "./lifecycle/listen-error.ts"
export { chownSocket, removeStale, type SocketFile, withPrivateMask } from "./lifecycle/unix-socket.ts"
