/**
 * Network namespaces and veth pairs of a test. Names and addresses are unique per process; everything is removed when it is
 * disposed of, and at the latest when the process exits. What a killed run left behind is removed by the next.
 *
 *   await using client = await makeNamespace()
 *   await using link = await connect(undefined, client)      // undefined: this process's own namespace
 *   await run([...client.inside, "ping", "-c1", link.here.ipv4])
 */
import { run } from "./process.ts"

export interface Namespace extends AsyncDisposable {
  readonly name: string
  /** Command words that run a program inside: it replaces `ip`, so its pid is that of the command. */
  readonly inside: ReadonlyArray<string>
}

/** One end of a veth pair. */
export interface End {
  /** Command words that run a program where the end is; empty for this process's own namespace. */
  readonly inside: ReadonlyArray<string>
  readonly interface: string
  readonly ipv4: string
  readonly ipv6: string
  readonly mac: string
}

export interface Link extends AsyncDisposable {
  readonly here: End
  readonly there: End
  /** Makes the pair again, with the same names and addresses, after it was deleted. */
  readonly again: () => Promise<void>
  /** Deletes the pair. */
  readonly cut: () => Promise<void>
}

const PREFIX = "synprint-net-"
const alive = new Set<string>()
let count = 0
let isSwept = false

export async function makeNamespace(): Promise<Namespace> {
  if (!isSwept) await sweep()
  const name = `${PREFIX}${process.pid}-${count++}`
  await run(["ip", "netns", "add", name])
  alive.add(name)
  const inside = ["ip", "netns", "exec", name]
  await run([...inside, "ip", "link", "set", "lo", "up"])
  return {
    name,
    inside,
    [Symbol.asyncDispose]: async () => {
      if (!alive.delete(name)) return
      // Also takes the veth pairs that end in it.
      await run(["ip", "netns", "del", name])
    }
  }
}

/** A veth pair with an IPv4 /30 and an IPv6 /64, both ends up, addresses usable at once (no duplicate address detection). */
export async function connect(from: Namespace | undefined, to: Namespace, mtu = 1500): Promise<Link> {
  const number = count++
  const id = `${process.pid.toString(36)}${number.toString(36)}`
  const [b, c] = [64 + ((process.pid >> 6) & 63), ((process.pid & 63) << 2) | ((number >> 6) & 3)]
  const host = (number & 63) * 4
  const make = (side: "a" | "b", last: number, inside: ReadonlyArray<string>): End => ({
    inside,
    interface: `sp${id}${side}`,
    ipv4: `10.${b}.${c}.${host + last}`,
    ipv6: `fd53:${process.pid.toString(16).slice(-4)}:${number.toString(16)}::${last}`,
    mac: `02:53:${hexByte(process.pid >> 8)}:${hexByte(process.pid)}:${hexByte(number)}:0${last}`
  })
  const here = make("a", 1, from?.inside ?? [])
  const there = make("b", 2, to.inside)

  const again = async (): Promise<void> => {
    const where = from === undefined ? [] : ["netns", from.name]
    const type = ["type", "veth", "peer", "name", there.interface, "netns", to.name]
    await run(["ip", "link", "add", here.interface, ...where, ...type])
    for (const end of [here, there]) {
      const ip = [...end.inside, "ip"]
      await run([...ip, "link", "set", end.interface, "address", end.mac, "mtu", String(mtu)])
      await run([...ip, "addr", "add", `${end.ipv4}/30`, "dev", end.interface])
      await run([...ip, "-6", "addr", "add", `${end.ipv6}/64`, "dev", end.interface, "nodad"])
      await run([...ip, "link", "set", end.interface, "up"])
    }
  }
  const cut = async (): Promise<void> => {
    await run([...here.inside, "ip", "link", "del", here.interface])
  }
  await again()
  return {
    here,
    there,
    again,
    cut,
    // Gone already when one of the namespaces was disposed of before.
    [Symbol.asyncDispose]: () => cut().catch(() => undefined)
  }
}

/** A VLAN interface on both ends of a link. */
export async function addVlan(link: Link, id: number): Promise<{ readonly here: End; readonly there: End }> {
  const make = async (end: End, last: number): Promise<End> => {
    const vlan = { ...end, interface: `${end.interface}v`, ipv4: `10.63.${id}.${last}`, ipv6: `fd53:${id}::${last}` }
    const ip = [...end.inside, "ip"]
    await run([...ip, "link", "add", "link", end.interface, "name", vlan.interface, "type", "vlan", "id", String(id)])
    await run([...ip, "addr", "add", `${vlan.ipv4}/30`, "dev", vlan.interface])
    await run([...ip, "-6", "addr", "add", `${vlan.ipv6}/64`, "dev", vlan.interface, "nodad"])
    await run([...ip, "link", "set", vlan.interface, "up"])
    return vlan
  }
  return { here: await make(link.here, 1), there: await make(link.there, 2) }
}

/** Removes namespaces of processes that are gone. */
async function sweep(): Promise<void> {
  isSwept = true
  process.on("exit", () => {
    for (const name of alive) Bun.spawnSync(["ip", "netns", "del", name])
  })
  for (const line of (await run(["ip", "netns", "list"])).split("\n")) {
    const name = line.split(" ", 1)[0]!
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split("-", 1)[0] : Number.NaN)
    if (Number.isNaN(pid) || isAlive(pid)) continue
    // Another test process may have swept it meanwhile.
    await run(["ip", "netns", "del", name]).catch(() => undefined)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function hexByte(value: number): string {
  return (value & 255).toString(16).padStart(2, "0")
}
