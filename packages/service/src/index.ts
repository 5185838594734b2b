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
  type BackendCode,
  type BackendModule,
  type BackendOptions,
  CAPTURE_SERIES,
  type CaptureBackend,
  CaptureError,
  type CaptureFilter,
  type CaptureOptions,
  type CaptureSeries,
  type Check,
  type Connection,
  type Miss,
  type PacketFeed,
  type RawSyn,
  type SharedCapture,
  makeRawSyn
} from "./capture/backend.ts"
export { Capture, type Chain, type ChainMember, LOOKUP_RESULTS, type LookupCounts, openChain } from "./capture/chain.ts"
export type { ChainChoice, MissingPrivilege } from "./capture/choice.ts"
export { savedSyn } from "./capture/saved-syn.ts"
export { type SyntheticSyn, syntheticSyn4, syntheticSyn6, setClientPort } from "./lookup/synthetic-syn.ts"
export { openWarmUpEngine } from "./lookup/warm-up-engine.ts"
export { admin, type AdminOptions } from "./metrics/admin.ts"
export { backendConfig, type CaptureConfig, captureOptions } from "./config/capture.ts"
export { databaseLoader, loadDatabases } from "./config/databases.ts"
export { type FingerprintConfig, type HistoryConfig, historyLimits } from "./config/fingerprint.ts"
export { type HintsConfig, hintSettings, relayThresholds } from "./config/hints.ts"
export { isLocal, type ListenAddress, parseListenAddress, printListenAddress } from "./config/listen-address.ts"
export { checkConfig, loadConfig } from "./config/load.ts"
export { nearest } from "./config/nearest.ts"
export type { AdminConfig, LogConfig, ReloadConfig } from "./config/operations.ts"
export { type ConfigRequest, type ConfigSource, parseConfig } from "./config/parse.ts"
export { ConfigInvalid, invalid, printProblem, type Problem } from "./config/problem.ts"
export { ConfigSchema, type Environment, type Program, type ServiceConfig } from "./config/schema.ts"
export { background, serveUntilStopped, Vital, vital, watchInterval } from "./lifecycle/daemons.ts"
export { isOptimising, requireJit, WithoutJit } from "./lifecycle/jit.ts"
export { EXIT_CONFIG, EXIT_FAILURE, EXIT_OK, EXIT_PRIVILEGE, EXIT_USAGE, UsageError } from "./lifecycle/exit-codes.ts"
export { AlreadyRunning, pidLock } from "./lifecycle/pid-lock.ts"
export { logging, onSignal } from "./lifecycle/logging.ts"
export { printCause, runMain } from "./lifecycle/main.ts"
export { type MeasuredBackend, registerCaptureMetrics } from "./metrics/capture-metrics.ts"
export { Counter, Histogram, type Labels, Metrics, VERSION } from "./metrics/metrics.ts"
export { applyReloads, type WatchedConfig, watchConfig, watchedFiles } from "./lifecycle/reload.ts"
export { summary, type SummaryOptions } from "./metrics/start-summary.ts"
export { check } from "./doctor/check.ts"
export { doctor, hasFailed, printChecks } from "./doctor/doctor.ts"
export { refusal } from "./doctor/service.ts"
export { explainSignature, type ExplainOptions } from "./replay/explain.ts"
export { openObservationFile, type WriteObservations } from "./lifecycle/observation-file.ts"
export { LogFile, LogFileError } from "./lifecycle/log-file.ts"
export { writeAll } from "./lifecycle/write-all.ts"
export { ListenError, listenError } from "./lifecycle/listen-error.ts"
export { chownSocket, removeStale, type SocketFile, withPrivateMask } from "./lifecycle/unix-socket.ts"
