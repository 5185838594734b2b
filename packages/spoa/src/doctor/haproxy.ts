/**
 * Checks of HAProxy: installed, its configuration valid, the SPOE filter there, client copies of our headers deleted.
 */
import { readFileSync } from "node:fs"
import { type Check, check } from "@synprint/service"

const CONFIG = "/etc/haproxy/haproxy.cfg"

async function run(words: ReadonlyArray<string>): Promise<{ readonly code: number; readonly text: string }> {
  const child = Bun.spawn([...words], { stdout: "pipe", stderr: "pipe", stdin: "ignore", timeout: 10_000 })
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return { code: await child.exited, text: `${out}${err}`.trim() }
}

/** Checks the parts of HAProxy's configuration that concern the agent. */
export function configurationChecks(text: string): ReadonlyArray<Check> {
  const active = text.replaceAll(/^\s*#.*$/gm, "")
  if (!/^\s*filter\s+spoe\b/m.test(active)) {
    return [
      check(
        "haproxy filter",
        "warn",
        `${CONFIG} has no "filter spoe": HAProxy asks no agent`,
        "copy examples/haproxy: the filter line and its .spop file"
      )
    ]
  }
  const lines = [check("haproxy filter", "ok", '"filter spoe" is there')]
  lines.push(
    /^\s*http-request\s+del-header\s+\S*x[-_]tcp/im.test(active)
      ? check("haproxy headers", "ok", "client copies of x-tcp-* are deleted")
      : check(
          "haproxy headers",
          "warn",
          "no del-header for x-tcp-: a client can send such headers itself",
          "copy the http-request del-header lines of examples/haproxy"
        )
  )
  return lines
}

export async function haproxyChecks(): Promise<ReadonlyArray<Check>> {
  const haproxy = Bun.which("haproxy", { PATH: `${process.env["PATH"] ?? ""}:/usr/local/sbin:/usr/sbin:/sbin` })
  if (haproxy === null)
    return [check("haproxy", "warn", "not installed on this host", "apt-get install haproxy, if it should run here")]
  const version = /version (\S+)/.exec((await run([haproxy, "-v"])).text)?.[1] ?? "unknown version"
  const lines = [check("haproxy", "ok", version)]
  let text: string
  try {
    text = readFileSync(CONFIG, "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
    return [
      ...lines,
      check(
        "haproxy configuration",
        "warn",
        `cannot read ${CONFIG}: ${code}`,
        code === "ENOENT" ? "examples/haproxy has one that works" : "run doctor as a user who may read it"
      )
    ]
  }
  const valid = await run([haproxy, "-c", "-f", CONFIG])
  lines.push(
    valid.code === 0
      ? check("haproxy configuration", "ok", `${CONFIG} is valid`)
      : check(
          "haproxy configuration",
          "fail",
          valid.text.split("\n").find((line) => /ALERT/.test(line)) ?? `${CONFIG} is not valid`,
          `haproxy -c -f ${CONFIG} shows all`
        )
  )
  return [...lines, ...configurationChecks(text)]
}
