/**
 * Signatures of the SYNs as the clients' kernels sent them: tcpdump records the server's interface, Debian's p0f reads the file. None
 * of our code takes part, so our signatures can be compared with these.
 */
import * as fs from "node:fs"

export interface Sniffer extends AsyncDisposable {
  /** Ends the capture; p0f's raw signature of every SYN by "4/port" or "6/port" of the client. */
  readonly signatures: () => Promise<ReadonlyMap<string, string>>
}

const COUNTS = /(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped by kernel/g

/** Packets that the kernel counted for a tcpdump and that are not in its file yet; asked by SIGUSR1, it prints the counts to stderr. */
export async function countPending(
  ask: () => void,
  said: () => string,
  deadline: number = performance.now() + 20_000
): Promise<number> {
  const before = [...said().matchAll(COUNTS)].length
  ask()
  for (;;) {
    const reports = [...said().matchAll(COUNTS)]
    if (reports.length > before) {
      const [captured, received, dropped] = reports.at(-1)!.slice(1).map(Number)
      return received! - captured! - dropped!
    }
    if (performance.now() > deadline) throw new Error(`tcpdump does not say how much it wrote: ${said().slice(-500)}`)
    await Bun.sleep(5)
  }
}

/**
 * Waits until everything that the kernel took for a tcpdump is in its file. `early`: packets that were counted before the filter was
 * set, as `countPending` finds at the start; they never get there.
 */
export async function drained(ask: () => void, said: () => string, early: number): Promise<void> {
  const deadline = performance.now() + 20_000
  for (;;) {
    const pending = (await countPending(ask, said, deadline)) - early
    if (pending <= 0) return
    if (performance.now() > deadline) throw new Error(`${pending} packets never reach tcpdump: ${said().slice(-500)}`)
    await Bun.sleep(20)
  }
}

export async function startSniffer(
  inside: ReadonlyArray<string>,
  interfaceName: string,
  directory: string
): Promise<Sniffer> {
  const file = `${directory}/syn-${interfaceName}-${Bun.nanoseconds()}.pcap`
  const filter = "(tcp[13] & 0x12 == 0x02) or (ip6[6] == 6 and ip6[53] & 0x12 == 0x02)"
  const words = [
    ...inside,
    "tcpdump",
    "-i",
    interfaceName,
    "-U",
    "--immediate-mode",
    "-B",
    "16384",
    "-s",
    "256",
    "-Z",
    "root",
    "-w",
    file,
    filter
  ]
  const child = Bun.spawn(words, { stdout: "ignore", stderr: Bun.file(`${file}.err`) })
  const said = () => fs.readFileSync(`${file}.err`, "utf8")
  for (let waited = 0; !said().includes("listening on"); waited++) {
    if (child.exitCode !== null || waited > 2000) throw new Error(`tcpdump does not start: ${said()}`)
    await Bun.sleep(10)
  }
  const stop = async () => {
    child.kill("SIGINT")
    await child.exited
  }
  const ask = (): void => child.kill("SIGUSR1")
  const early = await countPending(ask, said)
  return {
    signatures: async () => {
      await drained(ask, said, early)
      await stop()
      return readSignatures(file)
    },
    [Symbol.asyncDispose]: stop
  }
}

async function readSignatures(file: string): Promise<Map<string, string>> {
  const log = `${file}.log`
  const p0f = Bun.spawn(["p0f", "-r", file, "-o", log], { stdout: "ignore", stderr: "pipe" })
  const complaint = await new Response(p0f.stderr).text()
  if ((await p0f.exited) !== 0) throw new Error(`p0f cannot read ${file}: ${complaint}`)
  const signatures = new Map<string, string>()
  for (const line of fs.readFileSync(log, "utf8").split("\n")) {
    if (!line.includes("mod=syn|")) continue
    const port = /\|cli=[^|]+\/(\d+)\|/.exec(line)?.[1]
    const signature = /raw_sig=(.*)$/.exec(line)?.[1]
    if (port !== undefined && signature !== undefined) signatures.set(`${signature[0]}/${port}`, signature)
  }
  return signatures
}
