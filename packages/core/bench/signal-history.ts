/**
 * Part (e): connections of one host, which must not look like several, and of three behind one address, which must. p0f reads the same
 * captures.
 */
import { readFileSync } from "node:fs"
import { captureOf, type OneAddress, readOneAddress, threeStacks } from "../src/testing/one-address.ts"
import type { PacketFields } from "../src/testing/packets.ts"
import { sharedFile } from "../src/testing/shared.ts"
import { signatureFields } from "../src/testing/signature-fields.ts"
import { countP0fEvents, type P0fEvents } from "./p0f-peer.ts"
import type { SignalPart, SignalRow } from "./part.ts"

const CLIENT = "198.51.100.7"
const CONNECTIONS = 1000

interface Events {
  readonly hostChanges: number
  readonly ipSharings: number
  readonly uptimes: number
}

const printEvents = ({ hostChanges, ipSharings, uptimes }: Events): string =>
  `${hostChanges} changes, ${ipSharings} sharings, ${uptimes} uptimes`

const printPeer = (events: P0fEvents | undefined): string =>
  events === undefined ? "not installed" : printEvents(events)

function oneHost(name: string, capture: Uint8Array, client: string, connections: number): SignalRow {
  const ours = readOneAddress(capture, client)
  const isQuiet = ours.hostChanges + ours.ipSharings + ours.uptimes + ours.sharedScore === 0
  return {
    name,
    ours: printEvents(ours),
    p0f: printPeer(countP0fEvents(capture)),
    bar: "none",
    missed: !isQuiet || ours.connections !== connections
  }
}

function severalHosts(name: string, capture: Uint8Array, client: string): SignalRow {
  const ours: OneAddress = readOneAddress(capture, client)
  return {
    name,
    ours: `${ours.nat ? "shared" : "not shared"}, score ${ours.sharedScore}`,
    p0f: printPeer(countP0fEvents(capture)),
    bar: "shared",
    missed: !ours.nat
  }
}

/** The SYNs of one Linux host with one interface: as its sysctls stand, and with the socket options of any application. */
function kernelSyns(table: string): { readonly plain: PacketFields; readonly all: ReadonlyArray<PacketFields> } {
  const all: Array<PacketFields> = []
  let plain: PacketFields | undefined
  for (const row of readFileSync(table, "utf8").trim().split("\n").slice(1)) {
    const [scenario = "", mtu, sysctl, , , , signature = "", , ja4t = ""] = row.split("\t")
    // IP_TTL and TCP_MAXSEG make a host lie about where it is and what interface it has; one host has one route to us.
    if (
      mtu !== "1500" ||
      sysctl !== "-" ||
      !signature.startsWith("4:") ||
      /^(ipttl|maxseg|advmss|routemtu)/.test(scenario)
    )
      continue
    const fields = signatureFields(signature.replace(/^((?:[^:]*:){4})[^,]*/, `$1${ja4t.split("_")[0]}`))
    if (fields === undefined) continue
    all.push({ ...fields, src: CLIENT })
    if (scenario === "mtu1500-v4") plain = { ...fields, src: CLIENT }
  }
  if (plain === undefined) throw new Error(`${table}: no row mtu1500-v4`)
  return { plain, all }
}

export const part: SignalPart = {
  title: "(e) history: one host, and three behind one address",
  run: () => {
    const same = sharedFile("data/groundtruth/same-host-12-connections.pcap")
    const table = sharedFile("data/groundtruth/linux-6.18-syn.tsv")
    if (same === undefined || table === undefined) return "the captures of one host are not there"
    const { plain, all } = kernelSyns(table)
    const connections = Array.from({ length: CONNECTIONS }, () => plain)
    const applications = Array.from({ length: CONNECTIONS }, (_, at) => all[(at * 7) % all.length]!)
    const network = (at: number): string => `2001:db8:1:2::${(at + 1).toString(16)}`
    return {
      rows: [
        oneHost("same host, 12 connections", readFileSync(same), "10.77.0.1", 12),
        oneHost("Linux 6.18, 1,000 connections", captureOf(connections), CLIENT, CONNECTIONS),
        oneHost(`its applications, ${all.length} kinds of SYN`, captureOf(applications), CLIENT, CONNECTIONS),
        severalHosts("Linux, Windows, Apple, once each", captureOf(threeStacks(1, () => CLIENT)), CLIENT),
        severalHosts("the same in turns, 30 connections", captureOf(threeStacks(10, () => CLIENT)), CLIENT),
        severalHosts("the same in one IPv6 /64", captureOf(threeStacks(10, network)), "2001:db8:1:2::1")
      ],
      notes: []
    }
  }
}
