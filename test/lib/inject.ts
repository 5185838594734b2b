/** Frames that no stack here would send, put on the wire by tcpreplay. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { writePcap } from "@synprint/core/testing"
import type { End } from "./netns.ts"
import { run } from "./process.ts"

/** Sends Ethernet frames out of an interface, as they are; returns when all are sent. */
export async function inject(from: End, frames: ReadonlyArray<Uint8Array>): Promise<string> {
  using file = captureFile(frames)
  return await run([...from.inside, "tcpreplay", "--topspeed", `--intf1=${from.interface}`, file.path])
}

/** Like `inject`, but blocks this process meanwhile, so that no timer empties the ring. */
export function injectBlocking(from: End, frames: ReadonlyArray<Uint8Array>): string {
  using file = captureFile(frames)
  const words = [...from.inside, "tcpreplay", "--topspeed", `--intf1=${from.interface}`, file.path]
  return Bun.spawnSync(words, { stderr: "inherit" }).stdout.toString()
}

function captureFile(frames: ReadonlyArray<Uint8Array>): Disposable & { readonly path: string } {
  const directory = mkdtempSync(path.join(os.tmpdir(), "synprint-"))
  const file = path.join(directory, "frames.pcap")
  writeFileSync(file, writePcap(frames.map((bytes) => ({ bytes, sec: 0 }))))
  return { path: file, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) }
}
