/**
 * Requirements of a test on the machine. A test whose requirements are not met is skipped and prints why; in CI as root, where they
 * must be met, it fails instead.
 */
import { test } from "bun:test"
import * as os from "node:os"

/** Met when `missing` is undefined. `isOptional`: a kernel built without it is no fault, not even in CI. */
export interface Requirement {
  readonly missing: string | undefined
  readonly isOptional?: boolean
}

const isRoot = process.getuid?.() === 0

/** Skipped tests of this process with their reasons. */
export const skipped: Array<{ readonly test: string; readonly reason: string }> = []

export const requires = {
  root: { missing: isRoot ? undefined : "root" },

  /** Namespaces and veth pairs can be made. */
  netns: (() => {
    if (!isRoot) return { missing: "root" }
    if (Bun.which("ip") === null) return { missing: "ip (apt-get install iproute2)" }
    const probe = Bun.spawnSync(["unshare", "--net", "true"], { stdout: "ignore", stderr: "pipe" })
    return { missing: probe.exitCode === 0 ? undefined : `network namespaces (${probe.stderr.toString().trim()})` }
  })(),

  /** A link type of the kernel (`vlan`, `bridge`), tried inside a namespace of its own. `more`: words that the type needs. */
  linkType: (type: string, ...more: ReadonlyArray<string>): Requirement => {
    if (!isRoot) return { missing: "root" }
    const words = ["unshare", "--net", "ip", "link", "add", "link", "lo", "name", "probe0", "type", type, ...more]
    const probe = Bun.spawnSync(words, { stdout: "ignore", stderr: "pipe" })
    const reason = probe.stderr.toString().trim()
    return { missing: probe.exitCode === 0 ? undefined : `interfaces of type ${type} (${reason})`, isOptional: true }
  },

  /** A Linux of at least this version: `requires.kernel("5.8", "BPF ring buffer")`. */
  kernel: (least: string, feature: string): Requirement => ({
    missing: isAtLeast(os.release(), least) ? undefined : `Linux ${least} (${feature}), this is ${os.release()}`
  }),

  /** Programs on PATH. */
  binaries: (...names: ReadonlyArray<string>): Requirement => {
    const absent = names.filter((name) => Bun.which(name) === null)
    return { missing: absent.length === 0 ? undefined : absent.join(", ") }
  },

  /** A shared library that the loader finds. */
  file: (path: string, what: string): Requirement => ({
    missing: Bun.file(path).size > 0 ? undefined : `${what} (${path})`
  })
}

/** `test` when all requirements are met; `runner` may be `test.concurrent`. */
export function testWith(
  requirements: ReadonlyArray<Requirement>,
  name: string,
  body: () => void | Promise<void>,
  timeoutMs?: number,
  runner: typeof test | typeof test.concurrent = test
): void {
  const unmet = requirements.filter((requirement) => requirement.missing !== undefined)
  const missing = unmet.map((requirement) => requirement.missing)
  if (missing.length === 0) {
    runner(name, body, timeoutMs)
    return
  }
  const reason = `needs ${missing.join("; ")}`
  skipped.push({ test: name, reason })
  if (process.env["CI"] !== undefined && isRoot && unmet.some((requirement) => requirement.isOptional !== true)) {
    test(name, () => {
      throw new Error(`not run in CI although this is root: ${reason}`)
    })
    return
  }
  console.log(`skipped: ${name}: ${reason}`)
  test.skip(name, body)
}

/** `6.18.44-x` is at least `5.8`. */
export function isAtLeast(release: string, least: string): boolean {
  const have = release.split(/[.-]/).map(Number)
  const want = least.split(".").map(Number)
  for (const [n, number] of want.entries()) {
    const ours = have[n] ?? 0
    if (ours !== number) return ours > number
  }
  return true
}
