/**
 * Checks of what runs: the service's listeners and its admin endpoint.
 */
import { createConnection } from "node:net"
import type { Check } from "../capture/backend.ts"
import { type ListenAddress, printListenAddress } from "../config/listen-address.ts"
import type { Program, ServiceConfig } from "../config/schema.ts"
import { check } from "./check.ts"

const WAIT_MS = 1000
const ANY: Readonly<Record<string, string>> = { "0.0.0.0": "127.0.0.1", "::": "::1" }

/** The code of the error with which a connection is refused; undefined: something listens. */
export const refusal = (address: ListenAddress): Promise<string | undefined> =>
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

const listenerCheck = async (program: string, setting: string, address: ListenAddress): Promise<Check> => {
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

export const serviceChecks = <C extends ServiceConfig>(program: Program<C>, config: C): Promise<ReadonlyArray<Check>> =>
  Promise.all([
    ...program
      .listeners(config)
      .flatMap(({ setting, addresses }) => addresses.map((address) => listenerCheck(program.name, setting, address))),
    ...config.admin.listen.map(readinessCheck)
  ])
