/** Certificates of a test, made by openssl: an authority, and leaves that it signed. */
import { writeFileSync } from "node:fs"
import { run } from "../lib/process.ts"

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

export interface Pair {
  /** Paths of PEM files. */
  readonly certificate: string
  readonly key: string
}

/** One that signed itself, for a name and the names below it. */
export async function selfSigned(directory: string, name: string): Promise<Pair> {
  const pair = { certificate: `${directory}/${name}.pem`, key: `${directory}/${name}.key` }
  const names = ["-addext", `subjectAltName=DNS:${name},DNS:*.${name}`]
  const files = ["-keyout", pair.key, "-out", pair.certificate]
  await run(["openssl", "req", "-x509", ...KEY, ...files, "-days", "2", "-subj", `/CN=${name}`, ...names])
  return pair
}

export interface Authority extends Pair {
  /** `names` as openssl has them: "DNS:localhost,IP:127.0.0.1". `days` may be negative: expired. */
  readonly sign: (file: string, names: string, days?: number) => Promise<Pair>
}

export async function openAuthority(directory: string, name = "authority"): Promise<Authority> {
  const authority = { certificate: `${directory}/${name}.pem`, key: `${directory}/${name}.key` }
  const files = ["-keyout", authority.key, "-out", authority.certificate]
  await run(["openssl", "req", "-x509", ...KEY, ...files, "-days", "30", "-subj", `/CN=${name}`])
  return {
    ...authority,
    sign: async (file, names, days = 2) => {
      const base = `${directory}/${file}`
      await run(["openssl", "req", ...KEY, "-keyout", `${base}.key`, "-out", `${base}.csr`, "-subj", `/CN=${file}`])
      writeFileSync(`${base}.ext`, `subjectAltName=${names}\n`)
      const request = ["-in", `${base}.csr`, "-out", `${base}.pem`, "-extfile", `${base}.ext`]
      const by = ["-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial"]
      await run(["openssl", "x509", "-req", ...request, ...by, "-days", String(days)])
      return { certificate: `${base}.pem`, key: `${base}.key` }
    }
  }
}
