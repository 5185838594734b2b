import { expect, test } from "bun:test"
import {
  FIELDS,
  type TcpFingerprint,
  claimOf,
  isMobileClientHint,
  platformOfClientHint,
  platformOfUserAgent
} from "@synprint/core"
import { FAMILIES_LINUX_KERNEL } from "@synprint/core/testing"
import { Agent } from "./agent.ts"
import { Arguments } from "../protocol/arguments.ts"
import { Counters } from "./counters.ts"
import { Frame, readFrame } from "../protocol/frame.ts"
import { claimOfRequest, hintRequests } from "./hinted-request.ts"
import { Output } from "../protocol/output.ts"
import { spoaConfig } from "../testing/config.ts"
import { lookupOf, testFingerprint } from "../testing/fixed-answerer.ts"
import { connectionArguments, type KeyValues, notify, readFrames, readVariables } from "../testing/haproxy-frames.ts"
import { VariableWriter, wantsHints } from "../protocol/variables.ts"

const WINDOWS =
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
const LINUX = WINDOWS.replace("Windows NT 10.0; Win64; x64", "X11; Linux x86_64")

const text = (value: string) => ({ t: "string", v: value }) as const
const connection = connectionArguments("192.0.2.7", 55618, "198.51.100.1", 443)

function frameOf(args: KeyValues): Frame {
  const bytes = notify([{ name: "synprint-syn", args }])
  const frame = new Frame()
  readFrame(bytes, 0, bytes.length - 4, frame)
  return frame
}

/** Variables that a Linux client gets. */
function ask(args: KeyValues, { toml = "", variables = ["hints"], limit = 400 } = {}) {
  const match = {
    families: FAMILIES_LINUX_KERNEL,
    title: "Linux",
    attributes: new Map()
  } as unknown as TcpFingerprint["match"]
  const fingerprint = testFingerprint({ match, hinted: undefined })
  const agent = new Agent(
    {
      lookup: lookupOf((_, into) => {
        into.status = "ok"
        into.fingerprint = fingerprint
      }),
      variables: new VariableWriter(variables),
      key: "connection",
      http: undefined,
      hints: hintRequests(spoaConfig.good(toml).hints)
    },
    new Counters()
  )
  const output = new Output()
  expect(agent.acknowledge(frameOf([...connection, ...args]), output, limit)).toBe(true)
  const { frames } = readFrames(output.bytes.slice(0, output.length))
  return { size: frames[0]!.size, variables: readVariables(frames[0]!.payload) }
}

const hints = (args: KeyValues, toml?: string) =>
  ask(args, toml === undefined ? {} : { toml }).variables.get("hints") as string | undefined

test("the claim is read from ua, or from hdrs, client hints beside it", () => {
  const claim = (args: KeyValues): number => {
    const frame = frameOf(args)
    const given = new Arguments()
    expect(given.read(frame)).toBe(true)
    return claimOfRequest(frame.bytes, given)
  }
  const bytes = new TextEncoder().encode(WINDOWS)
  const windows = platformOfUserAgent(bytes, 0, bytes.length)
  const linux = platformOfClientHint(new TextEncoder().encode('"Linux"'), 0, 7)
  expect(isMobileClientHint(new TextEncoder().encode("?1"), 0, 2)).toBe(true)
  const lines = `host: a\r\nuser-agent: ${WINDOWS} \r\nsec-ch-ua-platform: "Linux"\r\nsec-ch-ua-mobile: ?1\r\n\r\n`
  expect(claim([])).toBe(0)
  expect(claim([["ua", text(WINDOWS)]])).toBe(claimOf(windows, 0, false))
  expect(claim([["hdrs", text(lines)]])).toBe(claimOf(windows, linux, true))
  expect(
    claim([
      ["ua", text("curl/8")],
      ["hdrs", text(lines)]
    ])
  ).toBe(claimOf(0, linux, true))
  // Cut off anywhere: never a throw, never more than the whole says.
  for (let length = 0; length < lines.length; length++) {
    const found = claim([["hdrs", text(lines.slice(0, length))]])
    expect([0, windows]).toContain(found & 7)
    expect([0, linux]).toContain((found >> 4) & 7)
  }
  for (const odd of ["", "\r\n", "user-agent", "user-agent:", "user-agent:\n", ":\n:\n", "sec-ch-ua-platform:\r\n"]) {
    expect(claim([["hdrs", text(odd)]])).toBe(0)
  }
})

test("a Windows User-Agent on a Linux stack is a mismatch, a Linux one and a tool's are none", () => {
  expect(hints([["ua", text(WINDOWS)]])).toMatch(/^ua-mismatch;q=0\.\d+;reason="windows ua, linux stack"$/)
  expect(hints([["ua", text(LINUX)]])).toBeUndefined()
  expect(hints([["ua", text("curl/8.11.1")]])).toBeUndefined()
  expect(hints([])).toBeUndefined()
  expect(hints([["ua", text("\u0001".repeat(5000))]])).toBeUndefined()
})

test("networks of the configuration count for the client's address", () => {
  const args: KeyValues = [["ua", text(WINDOWS)]]
  expect(hints(args, '[hints]\nrelays = ["192.0.2.0/24"]')).toBeUndefined()
  expect(hints(args, '[hints.ua_mismatch]\nexcept = ["192.0.2.7"]')).toBeUndefined()
  expect(hints(args, '[hints]\nexcept = ["198.51.100.0/24"]')).toBeDefined()
})

test("one by one: the score first", () => {
  const { variables } = ask([["ua", text(WINDOWS)]], { variables: ["ua_mismatch", "scanner"] })
  expect(variables.get("ua_mismatch")).toMatch(/^0\.\d+;reason="windows ua, linux stack"$/)
  expect(variables.has("scanner")).toBe(false)
  expect(variables.has("hints")).toBe(false)
  expect(wantsHints(["os", "scanner"])).toBe(true)
  expect(wantsHints(["os", "sig"])).toBe(false)
})

test("with all variables the ACK keeps its bound, and hints go before what is less asked for", () => {
  const all = FIELDS.map(({ name }) => name)
  for (let limit = 100; limit <= 400; limit += 20) {
    const { size, variables } = ask([["ua", text(WINDOWS)]], { variables: all, limit })
    expect(size).toBeLessThanOrEqual(limit)
    expect(variables.get("done")).toBe("1")
  }
  expect(ask([["ua", text(WINDOWS)]], { variables: all }).variables.get("hints")).toBeDefined()
})
