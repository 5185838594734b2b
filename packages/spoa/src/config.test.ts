import { expect, test } from "bun:test"
import { spoaConfig } from "./testing/config.ts"

const { good, bad } = spoaConfig

test("no file: every key has its default", () => {
  const { spoa, p0fApi, admin } = good("")
  expect(spoa.listen).toEqual([{ kind: "tcp", host: "127.0.0.1", port: 9000 }])
  expect(spoa.variables).toEqual([
    "status",
    "done",
    "os",
    "os_match_q",
    "dist",
    "link",
    "link_mtu",
    "link_mss",
    "uptime",
    "nat",
    "sig"
  ])
  expect(spoa).toMatchObject({ mode: 0o660, answers: 65536, maxFrameSize: 16380, pipelining: true, shutdownMs: 5000 })
  expect(spoa.allow.size).toBe(0)
  expect(p0fApi).toBeUndefined()
  expect(admin.listen).toEqual([{ kind: "tcp", host: "127.0.0.1", port: 9101 }])
})

test("[p0f_api] is there as soon as the file or a variable names it", () => {
  const text = '[p0f_api]\nsocket = "/run/p0f.sock"\nreply = "friendly"'
  const expected = { socket: "/run/p0f.sock", mode: 0o660, owner: "", group: "", reply: "friendly", clients: 4096 }
  expect(good(text).p0fApi).toEqual(expected as ReturnType<typeof good>["p0fApi"])
  expect(good("[p0f_api]").p0fApi?.socket).toBe("/run/synprint/p0f.sock")
  expect(good("", { environment: { SYNPRINT_P0F_API_SOCKET: "/run/p.sock" } }).p0fApi?.socket).toBe("/run/p.sock")
})

test("bad values", () => {
  expect(bad('[spoa]\nmode = "0999"')[0]).toContain('expected a file mode such as "0660"')
  expect(bad('[spoa]\nvariables = ["os", "oss"]')[0]).toEndWith('did you mean "os"?')
  expect(bad('[spoa]\nallow = ["10.0.0.1/8"]')[0]).toStartWith("c.toml:2: spoa.allow[0]: ")
  expect(bad("[spoa]\nlisten = []")[0]).toContain("must have one address at least")
})

test("p0f mode and the p0f socket need a backend with every packet", () => {
  expect(bad('[capture]\nbackend = "xdp"\n[p0f_api]')[0]).toMatch(
    /^c.toml:3: p0f_api: the p0f socket needs every packet, which only the pcap backend has: add "pcap" to capture\.backend/
  )
  expect(bad('[fingerprint]\nmode = "p0f"\ntcp_enabled = false')[0]).toContain("tcp_enabled = false turns capture off")
  expect(bad('[capture]\nbackend = ["saved-syn", "pcap"]\n[fingerprint]\nmode = "p0f"')).toEqual([])
  const hints = '[capture]\nbackend = "pcap"\n[fingerprint]\nmode = "p0f"\n[spoa]\nvariables = ["os", "tunnel"]'
  expect(bad(hints).join()).toContain('spoa.variables: mode = "p0f" has no hints, p0f\'s own is bad_sw: remove tunnel')
  expect(bad('[log]\nobservations = "o"\nobservations_format = "p0f"')[0]).toContain("or add [p0f_api]")
  expect(bad('[log]\nobservations = "o"\nobservations_format = "p0f"\n[p0f_api]')).toEqual([])
})

test("an address that others reach needs the networks that may connect", () => {
  expect(bad('[spoa]\nlisten = "0.0.0.0:9000"')[0]).toMatch(
    /^c.toml:1: spoa.allow: 0.0.0.0:9000 can be reached from outside/
  )
  expect(bad('[spoa]\nlisten = "0.0.0.0:9000"\nallow = ["10.0.0.0/8"]')).toEqual([])
})

test("two sockets in one place", () => {
  expect(bad('[spoa]\nlisten = "127.0.0.1:9101"')).toEqual(["admin.listen: 127.0.0.1:9101 is also in spoa.listen"])
  expect(bad('[spoa]\nlisten = "unix:/run/a"\n[p0f_api]\nsocket = "/run/a"')).toEqual([
    "c.toml:4: p0f_api.socket: /run/a is also in spoa.listen"
  ])
})
