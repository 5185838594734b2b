import { afterAll, beforeEach, expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { hostChecks } from "./host.ts"

const directory = mkdtempSync(join(tmpdir(), "synprint-host-"))
afterAll(() => rmSync(directory, { recursive: true }))

let root: string
let hosts = 0
beforeEach(() => {
  root = join(directory, String(hosts++))
})

/** Files of the host by path; those that are not given are those of a host without a fault. */
function writeHost(files: Readonly<Record<string, string>> = {}): void {
  const all = {
    "proc/self/status": "Name:\tbun\nCapEff:\t0000000000000000\nSeccomp:\t0\n",
    "proc/self/limits":
      "Limit                     Soft Limit           Hard Limit           Units     \n" +
      "Max open files            65536                524288               files     \n" +
      "Max locked memory         unlimited            unlimited            bytes     \n",
    "proc/sys/net/ipv4/tcp_syncookies": "1\n",
    "proc/sys/net/core/somaxconn": "4096\n",
    "proc/sys/kernel/unprivileged_bpf_disabled": "2\n",
    ...files
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

function writeNamespaces(own: string, first: string): void {
  for (const [process, target] of [
    ["self", own],
    ["1", first]
  ] as const) {
    mkdirSync(join(root, `proc/${process}/ns`), { recursive: true })
    symlinkSync(target, join(root, `proc/${process}/ns/net`))
  }
}

const checks = (release = "6.1.0-amd64", interfaces: ReadonlyArray<string> = []) =>
  hostChecks(interfaces, { root, release })

const print = ({ result, detail }: ReturnType<typeof checks>[number]): string => `${result} ${detail}`

/** The results of checks, by their names. */
const byName = (...given: Parameters<typeof checks>): Readonly<Record<string, string>> =>
  Object.fromEntries(checks(...given).map((each) => [each.name, print(each)]))

/** One line of /proc/self/limits. */
const limits = (files: string, memory: string) => ({
  "proc/self/limits": `Max open files            ${files}                524288               files     \nMax locked memory         ${memory}              8388608              bytes     \n`
})

test("a host without a fault: every check once, in the order of the layers", () => {
  writeHost()
  writeNamespaces("net:[1]", "net:[1]")
  expect(checks().map(({ name, result, detail, next }) => [name, result, detail, next])).toEqual([
    ["bun", "ok", Bun.version, undefined],
    ["kernel", "ok", "6.1.0-amd64", undefined],
    ["rights", "ok", expect.stringContaining("no capability of use here: saved-syn needs none"), undefined],
    ["open files", "ok", "limit 65536", undefined],
    ["tcp_syncookies", "ok", "1: cookies only when the queue overflows", undefined],
    ["somaxconn", "ok", "4096", undefined],
    ["unprivileged bpf", "ok", "2: bpf() needs CAP_BPF, reading pins does not", undefined],
    ["network namespace", "ok", "that of pid 1", undefined]
  ])
})

test("kernels: what eBPF needs, and where its memory counts", () => {
  writeHost(limits("65536", "8388608"))
  const kernel = (release: string) => [byName(release)["kernel"], byName(release)["locked memory"]]
  const fits = "warn limit 8388608: eBPF maps may not fit"
  expect(kernel("4.17.19")).toEqual(["warn 4.17.19: too old for the xdp backend", fits])
  expect(kernel("4.18.0")).toEqual(["ok 4.18.0: eBPF memory counts against RLIMIT_MEMLOCK", fits])
  expect(kernel("5.10.0-1")).toEqual(["ok 5.10.0-1: eBPF memory counts against RLIMIT_MEMLOCK", fits])
  expect(kernel("5.11.0")).toEqual(["ok 5.11.0", undefined])
  writeHost(limits("65536", "unlimited"))
  expect(byName("5.10.0")).not.toHaveProperty("locked memory")
  writeHost({ "proc/self/limits": "" })
  expect(byName("5.10.0")["locked memory"]).toBe("warn limit unknown: eBPF maps may not fit")
})

test("rights: the capabilities that are of use, and a seccomp filter", () => {
  writeHost({ "proc/self/status": "CapEff:\t0000000000002400\nSeccomp:\t2\n" })
  expect(byName()).toMatchObject({
    rights: `ok uid ${process.getuid!()}, CAP_NET_BIND_SERVICE CAP_NET_RAW`,
    seccomp: "warn a filter is active; container runtimes' default profiles block bpf()"
  })
  writeHost()
  expect(byName()).not.toHaveProperty("seccomp")
})

test("open files: fewer than 4096 are a warning", () => {
  for (const [files, result] of [
    ["1024", "warn the soft limit is 1024"],
    ["4095", "warn the soft limit is 4095"],
    ["4096", "ok limit 4096"],
    ["unlimited", "ok limit unlimited"]
  ] as const) {
    writeHost(limits(files, "unlimited"))
    expect(byName()["open files"]).toBe(result)
  }
  writeHost({ "proc/self/limits": "" })
  expect(byName()["open files"]).toBe("ok limit unknown")
})

test("sysctls: SYN cookies, the queue of listeners, unprivileged eBPF", () => {
  const sysctls = (cookies: string, backlog: string, bpf: string) => {
    writeHost({
      "proc/sys/net/ipv4/tcp_syncookies": `${cookies}\n`,
      "proc/sys/net/core/somaxconn": `${backlog}\n`,
      "proc/sys/kernel/unprivileged_bpf_disabled": `${bpf}\n`
    })
    const found = byName()
    return [found["tcp_syncookies"], found["somaxconn"], found["unprivileged bpf"]]
  }
  expect(sysctls("2", "1023", "0")).toEqual([
    "warn 2: every handshake goes by cookies, the kernel keeps no SYN",
    "warn 1023: bursts of connections overflow into SYN cookies",
    "ok 0: allowed"
  ])
  expect(sysctls("0", "1024", "1")).toEqual(["ok 0", "ok 1024", "ok 1: bpf() needs CAP_BPF, reading pins does not"])
})

test("a host that shows nothing: no check fails for it", () => {
  mkdirSync(root)
  expect(byName()).toMatchObject({ tcp_syncookies: "ok not readable", "open files": "ok limit unknown" })
  expect(checks().filter(({ result }) => result !== "ok")).toEqual([])
  expect(byName()).not.toHaveProperty("unprivileged bpf")
  expect(byName()).not.toHaveProperty("network namespace")
})

test("another network namespace than that of pid 1 is a warning", () => {
  writeHost()
  writeNamespaces("net:[2]", "net:[1]")
  expect(checks().filter(({ name }) => name === "network namespace")).toEqual([
    {
      name: "network namespace",
      result: "warn",
      detail: "not that of pid 1: SYNs to other namespaces are not seen here",
      next: "run beside HAProxy: hostNetwork: true, or network_mode: host"
    }
  ])
})

test("interfaces that the configuration names: up, down, absent; any is none", () => {
  writeHost({ "sys/class/net/eth0/flags": "0x1003\n", "sys/class/net/eth1/flags": "0x1002\n" })
  mkdirSync(join(root, "sys/class/net/eth2"))
  expect(
    checks("6.1.0", ["eth0", "eth1", "eth2", "eth3", "any"])
      .filter(({ name }) => name.startsWith("interface"))
      .map((each) => `${each.name} ${print(each)} ${each.next}`)
  ).toEqual([
    "interface eth0 ok up undefined",
    "interface eth1 fail down ip link set eth1 up",
    "interface eth2 fail down ip link set eth2 up",
    "interface eth3 fail there is none of this name ip link, then capture.interface"
  ])
})

test("this host: it has a kernel, limits and a loopback interface", () => {
  const found = hostChecks(["lo"]).map(({ name }) => name)
  for (const name of ["bun", "kernel", "rights", "open files", "tcp_syncookies", "somaxconn", "interface lo"])
    expect(found).toContain(name)
})
