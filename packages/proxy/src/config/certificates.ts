/**
 * Problems of the PEM files that a configuration names: files that can't be read, keys that don't belong to their certificate.
 */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import type { Problem } from "@synprint/service/config"
import type { ProxyConfig } from "./proxy.ts"
import type { RouteConfig } from "./routes.ts"

interface PemFiles {
  readonly proxy: Pick<ProxyConfig, "tls">
  readonly routes: ReadonlyArray<Pick<RouteConfig, "upstreamCa">>
}

function readPem<A>(path: string, file: string, parse: (pem: Buffer) => A, problems: Array<Problem>): A | undefined {
  try {
    return parse(readFileSync(file))
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const what =
      code === "ENOENT" || code === "EACCES" || code === "EISDIR"
        ? `cannot read the file: ${code}`
        : `not a PEM file that can be used: ${message}`
    problems.push({ path, message: what, source: file, line: undefined })
    return undefined
  }
}

export function certificateProblems({ proxy, routes }: PemFiles): ReadonlyArray<Problem> {
  const problems: Array<Problem> = []
  for (const [n, pair] of proxy.tls.certificates.entries()) {
    // A path that is missing is reported with the configuration.
    if (pair.certificate === "" || pair.key === "") continue
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
