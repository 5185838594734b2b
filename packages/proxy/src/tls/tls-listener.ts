/**
 * Certificates of a TLS listener: one for clients that name nobody, the others by the name that they ask for (SNI, RFC 6066 section 3).
 *
 * A reload with other certificates opens a second listener on a copy of the descriptor and stops the first, since the certificate for
 * clients without SNI is fixed when a listener opens. Both accept from one queue: no connection is lost. Without other certificates
 * listeners stay, and with them the sessions that clients may resume.
 */
import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { createSecureContext } from "node:tls"
import type { ProxyConfig } from "../config/proxy.ts"

const VERSIONS = { "1.2": 0x0303, "1.3": 0x0304 } as const

export interface TlsListener {
  /** Equal for equal certificates and settings. */
  readonly key: string
  /** For Bun.listen. */
  readonly options: Bun.TLSOptions
  /** The context of a name; undefined: the default. Undocumented handler of Bun.listen (self-test.ts). */
  readonly serverName: (listener: unknown, name: string) => unknown
}

/** ALPN's wire form (RFC 7301 section 3.1): each name behind its length. */
const alpnOf = (names: ReadonlyArray<string>): Buffer =>
  Buffer.concat(names.map((name) => Buffer.from(`${String.fromCharCode(name.length)}${name}`, "latin1")))

/** `offered`: ALPN names. Throws what reading the files throws. */
export function openTls(tls: ProxyConfig["tls"], offered: ReadonlyArray<string>): TlsListener {
  const exact = new Map<string, unknown>()
  const wildcard = new Map<string, unknown>()
  const pairs = tls.certificates.map((pair) => ({
    ...pair,
    cert: readFileSync(pair.certificate),
    pem: readFileSync(pair.key)
  }))
  for (const { names, cert, pem } of pairs) {
    // `ca`: for a certificate without its chain BoringSSL looks for one in every handshake, by two opens in /etc/ssl/certs; here it ends at once.
    const { context } = createSecureContext({ cert, key: pem, ca: cert }) as unknown as { readonly context: unknown }
    for (const name of names.length > 0 ? names : namesOf(cert)) {
      const lower = name.toLowerCase()
      const index = lower.startsWith("*.") ? wildcard : exact
      const key = lower.replace(/^\*\./, "")
      if (!index.has(key)) index.set(key, context)
    }
  }
  const first = pairs[0]!
  return {
    key: JSON.stringify([tls.minVersion, pairs.map(({ names, cert, pem }) => [names, String(cert), String(pem)])]),
    options: {
      cert: first.cert,
      key: first.pem,
      ca: first.cert,
      ALPNProtocols: alpnOf(offered),
      minVersion: VERSIONS[tls.minVersion]
    } as Bun.TLSOptions,
    serverName: (_listener, name) => {
      const lower = name.toLowerCase()
      return exact.get(lower) ?? wildcard.get(lower.slice(lower.indexOf(".") + 1))
    }
  }
}

/** Names of the subjectAltName, or the common name. */
function namesOf(pem: Buffer): ReadonlyArray<string> {
  const certificate = new X509Certificate(pem)
  const names = [...(certificate.subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map((found) => found[1]!)
  const common = /^CN=(.+)$/m.exec(certificate.subject)?.[1]
  return names.length > 0 ? names : common === undefined ? [] : [common]
}
