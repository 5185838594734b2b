/**
 * @synprint/core/runtime: what services are built from; the only part of core that imports effect.
 */
export { type Answerer, type AnswererOptions, type AnswererStats, type LiveAnswerer, makeAnswerer } from "./answer.ts"
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
} from "./capture.ts"
export { type BackendRegistry, Capture, type Chain, type ChainMember, type LookupCounts, openChain } from "./chain.ts"
export { AUTO_ORDER, type ChainChoice, type Lack } from "./chain-choice.ts"
export { savedSyn } from "./saved-syn.ts"
export { type MadeUpSyn, madeUpSyn4, madeUpSyn6, setClientPort } from "./made-up-syn.ts"
export { openThrowawayEngine } from "./throwaway-engine.ts"
export { admin, type AdminOptions } from "./admin.ts"
export { type BackendName, captureOptions } from "./config-capture.ts"
export { noRoute } from "./config-cross.ts"
export { type Environment, HUGINN_VARIABLES } from "./config-environment.ts"
export { type FingerprintConfig, type HistoryConfig, historyLimits } from "./config-fingerprint.ts"
export { type HintsConfig, hintSettings, relayThresholds } from "./config-hints.ts"
export { ConfigInvalid, invalid, printProblem, type Problem } from "./config-problem.ts"
export { type HeadersConfig, PRESETS, type ProxyConfig, type RouteConfig } from "./config-proxy.ts"
export type { AdminConfig, LogConfig, P0fApiConfig, Program, ReloadConfig } from "./config-service.ts"
export type { SpoaConfig } from "./config-spoa.ts"
export { SETTINGS, type Setting } from "./config-tables.ts"
export {
  type CaptureConfig,
  type Config,
  type ConfigRequest,
  type ConfigSource,
  loadConfig,
  parseConfig
} from "./config.ts"
export { background, serveUntilStopped, Vital, vital, whenever } from "./daemons.ts"
export { isOptimising, requireJit, WithoutJit } from "./jit.ts"
export { EXIT_CONFIG, EXIT_FAILURE, EXIT_OK, EXIT_PRIVILEGE, EXIT_USAGE, UsageError } from "./exit-codes.ts"
export { isLocal, type ListenAddress, parseListenAddress, printListenAddress } from "./listen-address.ts"
export { AlreadyRunning, lock } from "./lock.ts"
export { logging, onSignal } from "./logging.ts"
export { printCause, runMain } from "./main.ts"
export { Counter, Histogram, type Labels, Metrics, VERSION } from "./metrics.ts"
export { nearest } from "./nearest.ts"
export { networkFileProblems } from "./network-files.ts"
export { type Live, live, type LiveOptions } from "./reload.ts"
export { summary, type SummaryOptions } from "./summary.ts"
export { certificateProblems, checkConfig } from "./check-config.ts"
export { databaseFileNames, databaseLoader, loadDatabases } from "./databases.ts"
export { check } from "./doctor-check.ts"
export { doctor, hasFailed, printChecks } from "./doctor.ts"
export { explainSignature, type ExplainOptions } from "./explain-signature.ts"
export { openObservationFile, type WriteObservations } from "./observation-file.ts"
export { LogFile, LogFileError } from "./log-file.ts"
export { writeAll } from "./write-all.ts"
export { ListenError, listenError } from "./listen-error.ts"
export { own, removeStale, type SocketFile, withPrivateMask } from "./unix-socket.ts"
