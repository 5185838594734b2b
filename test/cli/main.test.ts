/** Ends of a process: exit codes, signals, printed text. */
import { expect, test } from "bun:test"
import { runScript } from "./run.ts"

const SCRIPT = `${import.meta.dir}/main-process.ts`

/** Starts a process and sends a signal whenever its output grows by one of the words. */
async function signalled(way: string, ...words: ReadonlyArray<string>) {
  const child = Bun.spawn([process.execPath, SCRIPT, way], { stdout: "pipe", stderr: "pipe", timeout: 50_000 })
  const decoder = new TextDecoder()
  let out = ""
  let sent = 0
  let lastMs = 0
  for await (const chunk of child.stdout) {
    out += decoder.decode(chunk)
    while (sent < words.length && out.includes(words[sent]!)) {
      child.kill("SIGTERM")
      lastMs = performance.now()
      sent++
    }
  }
  const code = await child.exited
  return { code, out, afterMs: performance.now() - lastMs, err: await new Response(child.stderr).text() }
}

test("SIGTERM runs the finalizers and is success", async () => {
  expect(await signalled("stop", "up")).toMatchObject({ code: 0, out: "up\ndown\n", err: "" })
})

test("a second signal ends at once", async () => {
  const ended = await signalled("hang", "up", "stopping")
  expect(ended).toMatchObject({ code: 1, out: "up\nstopping\n" })
  // It would hang for a minute.
  expect(ended.afterMs).toBeLessThan(20_000)
})

test("an expected error is one line and its own code", async () => {
  expect(await runScript(SCRIPT, ["expected"])).toEqual({
    code: 77,
    out: "",
    err: "synprint test: pcap: cannot open eth0: EPERM (grant CAP_NET_RAW)\n"
  })
})

test("a bug keeps its stack and is exit 1", async () => {
  const { code, err } = await runScript(SCRIPT, ["bug"])
  expect(code).toBe(1)
  expect(err).toStartWith("synprint test: unexpected: TypeError: a bug\n")
  expect(err).toContain("main-process.ts")
})

test("a vital fiber's failure ends the process, a background one's does not", async () => {
  expect(await runScript(SCRIPT, ["vital"])).toMatchObject({ code: 77, out: "down\n" })
  const background = await runScript(SCRIPT, ["background"])
  expect(background.code).toBe(0)
  expect(background.out + background.err).toContain("reporter stopped")
})

test("the end of the work is success", async () => {
  expect(await runScript(SCRIPT, ["end"])).toEqual({ code: 0, out: "", err: "" })
})
