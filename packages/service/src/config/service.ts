/**
 * `[p0f_api]`, `[admin]`, `[log]`, `[reload]`: what operators and other programs see of a running service.
 */
import { fileMode, flag, integer, listenAddresses, nonEmpty, oneOf, text } from "./value.ts"
import { type Decoded, key, table } from "./key.ts"

/** Off unless the table is there. */
export const P0fApiTable = table({
  socket: key("socket", nonEmpty("the path of a unix socket"), "/run/synprint/p0f.sock"),
  mode: key("mode", fileMode, "0660"),
  owner: key("owner", text, ""),
  group: key("group", text, ""),
  /** p0f's 232 bytes or the 236 of the seed's patched p0f. */
  reply: key("reply", oneOf("p0f", "friendly"), "p0f"),
  clients: key("clients", integer(1, 65535), 4096)
})

export type Program = "spoa" | "proxy" | "agent"

const ADMIN_PORTS: Readonly<Record<Program, number>> = { spoa: 9101, proxy: 9102, agent: 9103 }

/** `listen = []` turns it off. */
export const adminTable = (program: Program) =>
  table({
    listen: key("listen", listenAddresses, [`127.0.0.1:${ADMIN_PORTS[program]}`]),
    /** /ready says 503 while no backend works. */
    readyNeedsCapture: key("ready_needs_capture", flag, false)
  })

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "none"] as const

export const LogTable = table({
  level: key("level", oneOf(...LOG_LEVELS), "info"),
  /** `auto`: pretty on a terminal, logfmt else. */
  format: key("format", oneOf("auto", "pretty", "json", "logfmt"), "auto"),
  /** File of the live observations; empty: none. 0600, opened again on SIGUSR1. */
  observations: key("observations", text, ""),
  observationsFormat: key("observations_format", oneOf("json", "p0f"), "json")
})

export const ReloadTable = table({ watch: key("watch", flag, true) })

export type P0fApiConfig = Decoded<typeof P0fApiTable.keys>
export type AdminConfig = Decoded<ReturnType<typeof adminTable>["keys"]>
export type LogConfig = Decoded<typeof LogTable.keys>
export type ReloadConfig = Decoded<typeof ReloadTable.keys>
