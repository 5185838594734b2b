/**
 * Checks of what runs: the service's listeners, its admin endpoint, the p0f socket.
 */
import { statSync } from "node:fs"
import { createConnection } from "node:net"
import type { Check } from "../capture/backend.ts"
import type { Config } from "../config/config.ts"
import type { Program } from "../config/service.ts"
import { check } from "./check.ts"
import { type ListenAddress, printListenAddress } from "../config/listen-address.ts"

const WAIT_MS = 1000
const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" }

/** undefined: something listens; else the error's code. */
const refusal = (address: ListenAddress): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket =
      address.kind === "unix"
        ? createConnection(address.path)
        : createConnection(address.port, ANY[address.host] ?? address.host)
    const done = (code: string | undefined): void => {
      socket.destroy()
      resolve(code)
    }
    socket.setTimeout(WAIT_MS, () => done("ETIMEDOUT"))
    socket.once("connect", () => done(undefined))
    socket.once("error", (cause: NodeJS.ErrnoException) => done(cause.code ?? cause.message))
  })

const listenerCheck = async (program: Program, setting: string, address: ListenAddress): Promise<Check> => {
  const code = await refusal(address)
  const name = `${setting} ${printListenAddress(address)}`
  return code === undefined
    ? check(name, "ok", "something listens")
    : check(
        name,
        "warn",
        `nothing answers: ${code}`,
        `start the service (synprint ${program}), then look at its log: journalctl -u synprint-${program}`
      )
}

const readinessCheck = async (address: ListenAddress): Promise<Check> => {
  const name = `admin ${printListenAddress(address)}`
  try {
    const at = address.kind === "unix" ? { unix: address.path } : {}
    const host =
      address.kind === "unix"
        ? "localhost"
        : printListenAddress({ ...address, host: ANY[address.host] ?? address.host })
    const response = await fetch(`http://${host}/ready`, { ...at, signal: AbortSignal.timeout(WAIT_MS) })
    const text = (await response.text()).trim()
    return response.status === 200
      ? check(name, "ok", "ready")
      : check(name, "warn", `not ready: ${text}`, "the service's log says more")
  } catch (cause) {
    return check(
      name,
      "warn",
      `no answer: ${(cause as NodeJS.ErrnoException).code ?? String(cause)}`,
      "is the service running, with this configuration?"
    )
  }
}

async function p0fSocketCheck(path: string): Promise<Check> {
  const name = `p0f socket ${path}`
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return check(name, "warn", "there is none", "start synprint spoa with this configuration")
  if (!stat.isSocket()) return check(name, "fail", "is no socket", "remove the file or change p0f_api.socket")
  const code = await refusal({ kind: "unix", path })
  if (code === undefined) return check(name, "ok", `mode ${(stat.mode & 0o777).toString(8)}, something listens`)
  return check(
    name,
    code === "EACCES" ? "fail" : "warn",
    code,
    code === "EACCES" ? "p0f_api.mode and group decide who may ask" : "start synprint spoa; a stale socket is replaced"
  )
}

export async function serviceChecks(program: Program, config: Config): Promise<ReadonlyArray<Check>> {
  const listeners: ReadonlyArray<readonly [string, ReadonlyArray<ListenAddress>]> =
    program === "spoa"
      ? [["spoa.listen", config.spoa.listen]]
      : program === "proxy"
        ? [
            ["proxy.listen", config.proxy.listen],
            ["proxy.tls.listen", config.proxy.tls.listen]
          ]
        : []
  return Promise.all([
    ...listeners.flatMap(([setting, addresses]) =>
      addresses.map((address) => listenerCheck(program, setting, address))
    ),
    ...config.admin.listen.map(readinessCheck),
    ...(program !== "agent" && config.p0fApi ? [p0fSocketCheck(config.p0fApi.socket)] : [])
  ])
}
