/**
 * Messages between the main thread and its Workers. Counters and limits lie in shared memory.
 */
import type { Config } from "../config/program.ts"
import type { SharedHandles } from "./capture.ts"
import type { Descriptor } from "./proxy-server.ts"
import type { WorkerReport } from "./report.ts"

/** Settings of a Worker. Sets of networks in `config` arrive as plain data, which the Worker revives. */
export interface WorkerSettings {
  readonly config: Config
  /** The echo application, when there is no configuration. */
  readonly echo: string | undefined
  /** 0 at start, one more with each reload. */
  readonly generation: number
}

export interface WorkerStart extends WorkerSettings {
  readonly type: "start"
  /** 0 to below `threads`. */
  readonly thread: number
  readonly threads: number
  readonly descriptors: ReadonlyArray<Descriptor>
  /** CELLS numbers per thread. */
  readonly counters: SharedArrayBuffer
  readonly limits: SharedArrayBuffer
  /** The history of addresses (core: shared-hosts.ts). */
  readonly hosts: SharedArrayBuffer
  /** Captures of the main thread for all Workers. */
  readonly shared: SharedHandles
}

export type ToWorker =
  | WorkerStart
  | ({ readonly type: "reload" } & WorkerSettings)
  /** Result of a health check. */
  | { readonly type: "health"; readonly target: string; readonly isHealthy: boolean }
  /** Open the access log again. */
  | { readonly type: "reopen" }
  /** Finish what is on its way. */
  | { readonly type: "stop" }

export type FromWorker =
  | { readonly type: "started"; readonly summary: string; readonly hints: ReadonlyArray<string> }
  | { readonly type: "failed"; readonly message: string; readonly exitCode: number }
  | { readonly type: "log"; readonly level: "info" | "warn" | "error"; readonly message: string }
  /** Once a second. */
  | { readonly type: "report"; readonly report: WorkerReport }
  /** Lines of `[log] observations`. */
  | { readonly type: "observed"; readonly lines: Uint8Array }
  | { readonly type: "stopped" }
