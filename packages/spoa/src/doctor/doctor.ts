/**
 * Checks of `doctor --for spoa`: the p0f socket, and the HAProxy beside the agent.
 */
import { statSync } from "node:fs"
import { type Check, check, refusal } from "@synprint/service"
import type { Config } from "../config.ts"
import { haproxyChecks } from "./haproxy.ts"

export const spoaChecks = async ({ p0fApi }: Config): Promise<ReadonlyArray<Check>> => [
  ...(p0fApi === undefined ? [] : [await p0fSocketCheck(p0fApi.socket)]),
  ...(await haproxyChecks())
]

async function p0fSocketCheck(path: string): Promise<Check> {
  const name = `p0f socket ${path}`
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return check(name, "warn", "does not exist", "start synprint spoa with this configuration")
  if (!stat.isSocket()) return check(name, "fail", "is not a socket", "remove the file or change p0f_api.socket")
  const code = await refusal({ kind: "unix", path })
  if (code === undefined) return check(name, "ok", `mode ${(stat.mode & 0o777).toString(8)}, something listens`)
  return check(
    name,
    code === "EACCES" ? "fail" : "warn",
    code,
    code === "EACCES" ? "p0f_api.mode and group decide who may ask" : "start synprint spoa; a stale socket is replaced"
  )
}
