/**
 * Programs that a test starts: output kept, lines waited for, ended with the test. Only what was started here is ended, by its
 * own pid.
 */

export interface Program extends AsyncDisposable {
  readonly pid: number
  /** Everything written to stdout so far. */
  readonly output: () => string
  readonly complaint: () => string
  /** Resolves with the first line of its output, past or coming, that matches; rejects when it ends or `timeoutMs` pass. */
  readonly line: (pattern: RegExp, timeoutMs?: number) => Promise<string>
  /** Resolves with the exit code, -1 after a signal. */
  readonly ended: Promise<number>
  /** SIGTERM, after 15 s SIGKILL. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number>
  readonly write: (text: string) => void
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

export function start(words: ReadonlyArray<string>, options: StartOptions = {}): Program {
  const child = Bun.spawn([...words], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd })
  })
  const output = collect(child.stdout)
  const complaint = collect(child.stderr)
  const ended = child.exited.then(async () => {
    await Promise.all([output.ended, complaint.ended])
    return child.exitCode ?? -1
  })
  const stop = async (signal: NodeJS.Signals = "SIGTERM"): Promise<number> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      const late = setTimeout(() => child.kill("SIGKILL"), 15_000)
      await child.exited
      clearTimeout(late)
    }
    return ended
  }
  return {
    pid: child.pid,
    output: () => output.text(),
    complaint: () => complaint.text(),
    line: async (pattern, timeoutMs = 30_000) => {
      const until = performance.now() + timeoutMs
      for (;;) {
        const isOver = child.exitCode !== null || child.signalCode !== null
        if (isOver) await output.ended
        const found = output
          .text()
          .split("\n")
          .find((line) => pattern.test(line))
        if (found !== undefined) return found
        if (isOver || performance.now() > until) {
          const why = isOver ? `ended with ${child.exitCode ?? child.signalCode}` : `${timeoutMs} ms passed`
          throw new Error(
            `${words.join(" ")}: no line ${String(pattern)}, ${why}\n${output.text()}\n${complaint.text()}`
          )
        }
        await Bun.sleep(5)
      }
    },
    ended,
    stop,
    write: (text) => {
      child.stdin.write(text)
      child.stdin.flush()
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
    }
  }
}

/** Runs a program to its end; resolves with its output, rejects unless it exits with 0. */
export async function run(words: ReadonlyArray<string>, options: StartOptions = {}): Promise<string> {
  const program = start(words, options)
  const code = await program.ended
  if (code !== 0) throw new Error(`${words.join(" ")}: exit ${code}\n${program.output()}\n${program.complaint()}`)
  return program.output()
}

interface Collected {
  readonly text: () => string
  readonly ended: Promise<void>
}

function collect(stream: ReadableStream<Uint8Array>): Collected {
  let text = ""
  const decoder = new TextDecoder()
  const ended = (async () => {
    for await (const chunk of stream) text += decoder.decode(chunk, { stream: true })
  })()
  return { text: () => text, ended }
}
