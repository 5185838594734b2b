/**
 * `[admin]`, `[log]`, `[reload]`: what operators see of a running service.
 */
import { type Decoded, key, table } from "./table.ts"
import { flag, listenAddresses, oneOf, text } from "./value.ts"

export const adminTable = (port: number) =>
  table({
    listen: key("listen", listenAddresses, [`127.0.0.1:${port}`], {
      reload: "restart",
      text: "/live, /ready and /metrics over HTTP. spoa 127.0.0.1:9101, proxy 9102, agent 9103; [] turns them off."
    }),
    readyNeedsCapture: key("ready_needs_capture", flag, false, {
      reload: "restart",
      text: "true: /ready says 503 while no backend works."
    })
  })

const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "none"] as const

export const LogTable = table({
  level: key("level", oneOf(...LOG_LEVELS), "info", { reload: "restart", text: LOG_LEVELS.join(" | ") }),
  format: key("format", oneOf("auto", "pretty", "json", "logfmt"), "auto", {
    reload: "restart",
    text: "auto (pretty on a terminal, else logfmt) | pretty | json | logfmt"
  }),
  observations: key("observations", text, "", {
    reload: "restart",
    text: 'A file that every observation is appended to, mode 0600; "" = none. SIGUSR1 opens it again.'
  }),
  observationsFormat: key("observations_format", oneOf("json", "p0f"), "json", {
    reload: "restart",
    text: "json | p0f"
  })
})

export const ReloadTable = table({
  watch: key("watch", flag, true, { reload: "live", text: "false: only SIGHUP reloads." })
})

export type AdminConfig = Decoded<ReturnType<typeof adminTable>["keys"]>
export type LogConfig = Decoded<typeof LogTable.keys>
export type ReloadConfig = Decoded<typeof ReloadTable.keys>
