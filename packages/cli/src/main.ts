#!/usr/bin/env bun
/**
 * synprint: the one executable.
 *
 * `read` starts without effect/cli, which costs 80 ms of import: more than replaying a million packets should wait for. Its plain
 * forms are parsed here; `--help`, completions and everything that needs an error message go to the full command line.
 */
import { parseReadArguments } from "./read-arguments.ts"

const words = process.argv.slice(2)
// Workers begin here too, where there are no other files (an executable).
const reading = !Bun.isMainThread ? undefined : words[0] === "read" ? parseReadArguments(words.slice(1)) : undefined
if (reading !== undefined) {
  const { readCapture } = await import("@synprint/service/read")
  process.exitCode = await readCapture(reading)
} else if (!Bun.isMainThread) {
  await (words[0] === "decode" ? import("@synprint/service/decode-worker") : import("@synprint/proxy/worker"))
} else {
  const { runCommandLine } = await import("./command-line.ts")
  runCommandLine(words)
}
