/**
 * Time that the threads of a process were ready to run and waited for a processor (/proc/PID/task/TID/schedstat, second number,
 * ns). Distinguishes a slow program from a busy machine.
 */
import * as fs from "node:fs"

export interface RunDelays {
  /** Ends the sampling; the longest waits first, in ms, each within a window of the length given. */
  readonly stop: () => ReadonlyArray<number>
}

/** Sums up, for each window of `windowMs`, what the main threads of `pids` and those named like them waited. */
export function watchRunDelays(pids: ReadonlyArray<number>, windowMs: number): RunDelays {
  const files = pids.flatMap((pid) => {
    const nameOf = (task: string) => fs.readFileSync(`/proc/${pid}/task/${task}/comm`, "latin1")
    const main = nameOf(String(pid))
    return fs
      .readdirSync(`/proc/${pid}/task`)
      .filter((task) => nameOf(task) === main)
      .map((task) => fs.openSync(`/proc/${pid}/task/${task}/schedstat`, "r"))
  })
  const text = new Uint8Array(64)
  const read = () =>
    files.reduce((sum, fd) => {
      const length = fs.readSync(fd, text, 0, text.length, 0)
      return sum + Number(new TextDecoder().decode(text.subarray(0, length)).split(" ")[1])
    }, 0)
  const delays: Array<number> = []
  let before = read()
  const sample = () => {
    const now = read()
    delays.push((now - before) / 1e6)
    before = now
  }
  const timer = setInterval(sample, windowMs)
  return {
    stop: () => {
      clearInterval(timer)
      sample()
      for (const fd of files) fs.closeSync(fd)
      return delays.sort((a, b) => b - a)
    }
  }
}
