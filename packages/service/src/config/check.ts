/**
 * `--check`: configuration, databases and certificates, all problems at once, opening nothing that serves.
 */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import type { Config, ConfigRequest } from "./config.ts"
import { readConfig, readConfigFile } from "./config.ts"
import { noRoute } from "./cross-check.ts"
import { ConfigInvalid, type Problem } from "./problem.ts"
import { databaseProblems } from "./databases.ts"
import { networkFileProblems } from "./network-files.ts"

function readPem<A>(path: string, file: string, parse: (pem: Buffer) => A, problems: Array<Problem>): A | undefined {
  try {
    return parse(readFileSync(file))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const what =
      code === "ENOENT" || code === "EACCES" || code === "EISDIR"
        ? `cannot read the file: ${code}`
        : `no PEM that can be used: ${message}`
    problems.push({ path, message: what, source: file, line: undefined })
    return undefined
  }
}

/** Certificates that can't be read, or keys that are not theirs. */
export function certificateProblems({ proxy, routes }: Pick<Config, "proxy" | "routes">): ReadonlyArray<Problem> {
  const problems: Array<Problem> = []
  for (const [n, pair] of proxy.tls.certificates.entries()) {
    if (pair.certificate === "" || pair.key === "") continue // reported with the configuration
    const at = `proxy.tls.certificates[${n}]`
    const certificate = readPem(`${at}.certificate`, pair.certificate, (pem) => new X509Certificate(pem), problems)
    const key = readPem(`${at}.key`, pair.key, (pem) => createPrivateKey(pem), problems)
    if (certificate === undefined) continue
    const problem = (path: string, source: string, message: string): number =>
      problems.push({ path, source, message, line: undefined })
    if (key !== undefined && !certificate.checkPrivateKey(key))
      problem(`${at}.key`, pair.key, `is not the key of ${pair.certificate}`)
    if (certificate.validToDate < new Date())
      problem(`${at}.certificate`, pair.certificate, `expired on ${certificate.validTo}`)
  }
  for (const [n, { upstreamCa }] of routes.entries())
    if (upstreamCa !== "") readPem(`routes[${n}].upstream_ca`, upstreamCa, (pem) => new X509Certificate(pem), problems)
  return problems
}

/** The problems, or the line that says that all is well. */
export const checkConfig = (request: ConfigRequest): Effect.Effect<string, ConfigInvalid> =>
  Effect.gen(function* () {
    const text = yield* readConfigFile(request.file)
    const { config, problems } = readConfig({ ...request, text })
    const all = [...problems]
    if (config !== undefined) {
      if (request.program !== "agent") all.push(...databaseProblems(config.fingerprint), ...networkFileProblems(config))
      if (request.program === "proxy") {
        const missing = noRoute(config)
        if (missing !== undefined && problems.length === 0) all.push(missing)
        all.push(...certificateProblems(config))
      }
    }
    if (all.length > 0) return yield* new ConfigInvalid({ problems: all })
    return `${request.file ?? "defaults"}: ok`
  })
