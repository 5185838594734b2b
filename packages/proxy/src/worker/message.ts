/**
 * What the main thread and its Workers tell each other. Counters and limits lie in shared memory.
 */
import type { Config } from "../config/program.ts"
import type { SharedHandles } from "./capture.ts"
import type { Descriptor } from "./proxy-server.ts"
import type { WorkerReport } from "./report.ts"

/** What a Worker serves with. Sets of networks in `config` come as plain data, which the Worker revives. */
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
  /** What is on file about addresses (core: shared-hosts.ts). */
  readonly hosts: SharedArrayBuffer
  /** What the main thread captures for all. */
  readonly shared: SharedHandles
}

export type ToWorker =
  | WorkerStart
  | ({ readonly type: "reload" } & WorkerSettings)
  /** What the health checks say. */
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
