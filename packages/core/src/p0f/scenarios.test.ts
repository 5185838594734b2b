/**
 * Lines of p0f mode about frames, compared with those that p0f itself writes (testing/p0f-scenarios.ts).
 */
import { expect, test } from "bun:test"
import { BatchFeed } from "../history/batch/batch-feed.ts"
import { BATCH_BYTES, DecodedBatch } from "../history/batch/decoded-batch.ts"
import { FrameDecoder } from "../history/batch/frame-decoder.ts"
import { Observer } from "../history/observer.ts"
import { readDatabases } from "../tcp/database/reader.ts"
import { Matcher } from "../tcp/matching/matcher.ts"
import { capturedFrame } from "../testing/captured-frame.ts"
import { P0F_SCENARIOS, type P0fScenario, SCENARIO_DATABASE, shortLines } from "../testing/p0f-scenarios.ts"
import { P0fLog } from "./log.ts"

const { database } = readDatabases([{ name: "scenarios.fp", text: SCENARIO_DATABASE }], "p0f")

/** The lines of a scenario; `decoding` ahead is in batches, as for another thread. */
function replay({ frames, args = [], shows }: P0fScenario, decoding: "itself" | "ahead"): ReadonlyArray<string> {
  const pair = (option: string, otherwise: readonly [number, number]): readonly [number, number] => {
    const at = args.indexOf(option)
    const [a, b] = at < 0 ? otherwise : args[at + 1]!.split(",").map(Number)
    return [a!, b!]
  }
  const [maxFlows, maxHosts] = pair("-m", [1000, 10_000])
  const [flowAgeSeconds, hostIdleMinutes] = pair("-t", [30, 120])
  let text = ""
  const log = new P0fLog((bytes) => (text += new TextDecoder("latin1").decode(bytes)))
  const observer = new Observer({
    mode: "p0f",
    matcher: new Matcher(database!, "p0f", 64),
    log,
    maxFlows,
    maxHosts,
    flowAgeSeconds,
    hostIdleMinutes
  })
  const feed = new BatchFeed(observer)
  const decoder = new FrameDecoder(true, new DecodedBatch(new SharedArrayBuffer(BATCH_BYTES), 0), (full) => {
    feed.take(full)
    full.clear()
    return full
  })
  const taker = decoding === "itself" ? observer : decoder
  for (const { bytes, sec, nsec = 0 } of frames) taker.frame(capturedFrame(bytes, { sec, usec: nsec / 1000 }))
  decoder.end(new Uint8Array(0))
  log.flush()
  if (decoding === "itself") expect(observer.counts.packets).toBe(frames.length)
  return shortLines(text, shows)
}

test.each(P0F_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))("%s", (_, scenario) => {
  expect(replay(scenario, "itself")).toEqual([...scenario.lines])
  expect(replay(scenario, "ahead")).toEqual([...scenario.lines])
})
