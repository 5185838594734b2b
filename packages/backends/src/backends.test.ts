import { expect, test } from "bun:test"
import { savedSyn } from "@synprint/service"
import { ConfigSchema } from "@synprint/service/config"
import { configTexts, plainProgram } from "@synprint/service/testing"
import { backends } from "./index.ts"

const { good, bad } = configTexts(new ConfigSchema([plainProgram], backends), plainProgram)

test("auto asks the SYN that comes with the connection, then pins that exist, then a tap", () => {
  const ranked = backends.toSorted((a, b) => a.autoRank - b.autoRank).map(({ name }) => name)
  expect(ranked).toEqual(["saved-syn", "xdp", "pcap"])
  expect(backends[0]).toBe(savedSyn)
})

test("every backend loads its code", async () => {
  for (const { load } of backends) {
    const { open, doctor } = await load()
    expect([typeof open, typeof doctor]).toEqual(["function", "function"])
  }
})

test("[capture.pcap] and [capture.xdp]", () => {
  expect(good("").capture as object).toMatchObject({
    pcap: { snaplen: 256, bufferBytes: 16 * 1024 * 1024, promiscuous: false },
    xdp: { hook: "auto", cgroup: "", pin: "/sys/fs/bpf/synprint", pinMode: 0o640, pinGroup: "", attach: true }
  })
  const { capture } = good(`
    [capture]
    pcap = { snaplen = 512, buffer = "64 MiB", promiscuous = true }
    [capture.xdp]
    pin_mode = "0600"
    hook = "tc"
    attach = false
  `)
  expect(capture as object).toMatchObject({
    pcap: { snaplen: 512, bufferBytes: 64 * 1024 * 1024, promiscuous: true },
    xdp: { hook: "tc", pinMode: 0o600, attach: false }
  })
  expect(bad("[capture.pcap]\n\nsnap_len = 1")).toEqual([
    "c.toml:3: capture.pcap.snap_len: unknown key: did you mean snaplen?"
  ])
  expect(bad('[capture.pcap]\nbuffer = "1 KiB"')[0]).toContain("a size from 65536 to 2147483647 bytes")
  expect(bad('[capture.xdp]\nhook = "cgroup"')[0]).toContain("capture.xdp.cgroup")
  expect(bad('[capture.xdp]\nhook = "cgroup"\nattach = false')).toEqual([])
  expect(bad('[capture.xdp]\npin = "bpf"')[0]).toContain("expected an absolute path")
})
