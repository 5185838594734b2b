/**
 * A command line in this process: what it would write and the code that it would end with.
 */
import { spyOn } from "bun:test"

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const WAIT_MS = 10_000

/** Runs `begin`, and waits for the exit of the process, which is kept from happening. */
export async function runInProcess(begin: () => void | Promise<void>): Promise<Ended> {
  let code: number | undefined
  let out = ""
  let err = ""
  const print = (...words: ReadonlyArray<unknown>): void => void (out += `${words.join(" ")}\n`)
  const spies = [
    spyOn(process, "exit").mockImplementation(((given: number) => void (code ??= given)) as never),
    spyOn(process.stdout, "write").mockImplementation((text) => {
      out += String(text)
      return true
    }),
    spyOn(process.stderr, "write").mockImplementation((text) => {
      err += String(text)
      return true
    }),
    spyOn(console, "log").mockImplementation(print),
    spyOn(console, "error").mockImplementation((...words) => void (err += `${words.join(" ")}\n`))
  ]
  try {
    await begin()
    // oxlint-disable-next-line no-await-in-loop -- it waits
    for (const end = performance.now() + WAIT_MS; code === undefined && performance.now() < end;) await Bun.sleep(1)
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  if (code === undefined) throw new Error(`it has not ended within ${WAIT_MS} ms:\n${out}${err}`)
  return { code, out, err }
}
