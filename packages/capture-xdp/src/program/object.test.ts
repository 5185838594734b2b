/** The committed object equals the compiled sources, and TypeScript reads the layouts that it writes. */
import { describe, expect, test } from "bun:test"
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { CONNECTION_KEY_BYTES } from "@synprint/core"
import { BPF_DIRECTORY, buildObject, CHECKSUM, checksumLine, missingCompiler, OBJECT } from "../../scripts/bpf.ts"
import { COUNTERS, COUNTERS_BYTES } from "../map/counters.ts"
import * as record from "../map/record.ts"
import * as settings from "../settings.ts"
import { readStructures } from "../testing/btf.ts"

const committed = readFileSync(join(BPF_DIRECTORY, OBJECT))
const missing = missingCompiler()

describe("build", () => {
  test("the checksum is that of the object", () => {
    expect(readFileSync(join(BPF_DIRECTORY, CHECKSUM), "utf8")).toBe(checksumLine(committed))
  })

  if (missing !== undefined) console.log(`skipped: the object is rebuilt: needs ${missing}`)
  test.skipIf(missing !== undefined)("the sources give the same bytes, from any directory", () => {
    for (const name of ["a", "a directory with a longer name"]) {
      const root = mkdtempSync(join(tmpdir(), "synprint-bpf-"))
      try {
        const directory = join(root, name)
        cpSync(BPF_DIRECTORY, directory, { recursive: true })
        rmSync(join(directory, OBJECT))
        buildObject(directory, join(directory, OBJECT))
        expect(checksumLine(readFileSync(join(directory, OBJECT)))).toBe(checksumLine(committed))
      } finally {
        rmSync(root, { recursive: true, force: true })
      }
    }
  })
})

describe("layouts", () => {
  const structures = readStructures(committed)
  const offsets = (name: string, ...members: ReadonlyArray<string>): ReadonlyArray<number | undefined> =>
    members.map((member) => structures.get(name)!.members.get(member))

  test("the record", () => {
    expect(structures.get("syn")!.size).toBe(record.RECORD_BYTES)
    expect(
      offsets(
        "syn",
        "seen_ns",
        "last_jiffies",
        "interface",
        "tcp_distance",
        "vlan",
        "retransmits",
        "flags",
        "ip_captured"
      )
    ).toEqual([
      record.SEEN_NS,
      record.LAST_JIFFIES,
      record.INTERFACE,
      record.TCP_DISTANCE,
      record.VLAN,
      record.RETRANSMITS,
      record.FLAGS,
      record.IP_CAPTURED
    ])
    expect(offsets("syn", "tcp_captured", "ip", "tcp")).toEqual([record.TCP_CAPTURED, record.IP, record.TCP])
  })

  test("the key is Connection.key", () => {
    expect(structures.get("syn_key")!.size).toBe(CONNECTION_KEY_BYTES)
    expect(offsets("syn_key", "family", "client_port", "server_port", "client", "server")).toEqual([0, 4, 6, 8, 24])
  })

  test("the filter", () => {
    expect(structures.get("config")!.size).toBe(settings.SETTINGS_BYTES)
    expect(offsets("config", "active", "layout", "client_key", "ports", "port", "addresses4", "addresses6")).toEqual([
      settings.ACTIVE,
      settings.LAYOUT,
      settings.CLIENT_KEY,
      settings.PORTS,
      settings.PORT,
      settings.ADDRESSES4,
      settings.ADDRESSES6
    ])
    expect(offsets("config", "address4", "address6")).toEqual([settings.ADDRESS4, settings.ADDRESS6])
  })

  test("the counters, by name and in order", () => {
    expect(structures.get("counters")!.size).toBe(COUNTERS_BYTES)
    expect([...structures.get("counters")!.members]).toEqual(COUNTERS.map((name, n) => [name, 8 * n]))
  })

  test("version and limits are those of the header", () => {
    const header = readFileSync(join(BPF_DIRECTORY, "syn.h"), "utf8")
    const defined = (name: string): number => Number(new RegExp(`#define ${name} (\\d+)`).exec(header)![1])
    expect(defined("LAYOUT_VERSION")).toBe(record.LAYOUT_VERSION)
    expect(defined("PORTS_MAX")).toBe(settings.PORTS_MAX)
    expect(defined("ADDRESSES_MAX")).toBe(settings.ADDRESSES_MAX)
    expect(defined("SYN_TAGGED")).toBe(record.TAGGED)
    expect(defined("SYN_FIRST_FRAGMENT")).toBe(record.FIRST_FRAGMENT)
  })
})
