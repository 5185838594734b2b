/**
 * @synprint/core/runtime: what services are built from; the only part of core that imports effect.
 */
export type { Answerer } from "./answer.ts"
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
  type PacketSink,
  type RawSyn,
  makeRawSyn
} from "./capture.ts"
