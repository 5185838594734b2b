import { expect, test } from "bun:test"
import { configTexts } from "@synprint/service/testing"
import { schema } from "./config-schema.ts"

const [spoa, proxy, agent] = schema.programs.map((program) => configTexts(schema, program))

test("one file serves several programs: each ignores the tables of the others, whatever they hold", () => {
  expect(spoa!.bad("[proxy]\nnonsense = 1\n[[routes]]\nx = 2\n[headers]\ny = 3")).toEqual([])
  expect(proxy!.bad("[spoa]\nnonsense = 1")).toEqual([])
  expect(agent!.bad("[spoa]\nnonsense = 1\n[proxy]\nx=1\n[p0f_api]\ny=2\n[history]\nz=3\n[hints]\na=4")).toEqual([])
  expect(spoa!.bad("[proxi]\n")).toHaveLength(1)
})

test("variables of every program are known to each", () => {
  const environment = {
    SYNPRINT_PROXY_LISTEN: "127.0.0.1:1",
    SYNPRINT_SPOA_LISTEN: "127.0.0.1:2",
    SYNPRINT_CAPTURE_XDP_PIN: "/sys/fs/bpf/x",
    SYNPRINT_HEADERS_PRESET: "seed"
  }
  for (const each of [spoa, proxy, agent]) expect(each!.bad("", { environment })).toEqual([])
})

test("ports of the admin endpoints", () => {
  expect([spoa, proxy, agent].map((each) => each!.good("").admin.listen)).toEqual(
    [9101, 9102, 9103].map((port) => [{ kind: "tcp", host: "127.0.0.1", port }])
  )
})

test("the agent runs xdp alone", () => {
  expect(agent!.bad('[capture]\nbackend = "pcap"')[0]).toContain("the agent runs the xdp backend alone")
  expect(agent!.bad('[capture]\nbackend = ["xdp", "pcap"]')).toEqual([])
})
