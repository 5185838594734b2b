/**
 * OpenVPN: the MTUs that its mssfix shows. OpenVPN leaves its interface at MTU 1500 and lowers the MSS of every SYN that passes, so that
 * a full segment fits into one packet of its own; how far depends on version, transport, cipher and a handful of options.
 *
 *     2.4, 2.5   N - HMAC - IV - block - 4 (packet id) - 1 (opcode)                          N = 1450: payload of the outer UDP or TCP
 *     2.6 AEAD   N - outer headers - 4 (opcode) - 4 (packet id) - 16 (tag)                   N = 1492: the whole outer packet
 *     2.6 CBC    N - outer headers - 4 - HMAC - IV, down to whole blocks, - 1 - 4 (packet id)
 *
 * over TCP 2 less (length), with compression 1 less. Sources: OpenVPN 2.5 mtu.c, crypto.c: crypto_adjust_frame_parameters, and 2.6
 * mss.c: frame_calculate_mssfix, mtu.c; the arithmetic gives every one of 220 MSS measured with 2.4.12, 2.5.11 and 2.6.14, and of 23
 * set-ups of 2.6.14 that it was not written from (the test has them).
 */

export interface OpenvpnProfile {
  /** MSS + 40 of an inner IPv4 SYN, + 60 of an inner IPv6 one: they are equal. */
  readonly mtu: number
  readonly name: string
  readonly versions: ReadonlyArray<string>
  readonly transport: "udp" | "tcp"
  /** The tunnel's own interface has the MTU (tun-mtu); else the MSS was rewritten (mssfix). */
  readonly ownInterface: boolean
  /** Frequency, against the weights in the [mtu] section of builtin.fp. */
  readonly weight: number
  readonly evidence: "measured" | "derived"
  readonly source: string
}

interface Cipher {
  /** Bytes of HMAC, IV and block. */
  readonly hmac: number
  readonly iv: number
  readonly block: number
  readonly isAead: boolean
  readonly weight25: number
  readonly weight26: number
  readonly measured: boolean
}

const cbc = (block: number, hmac: number, weight25: number, weight26: number, measured = true): Cipher => ({
  hmac,
  iv: block,
  block,
  isAead: false,
  weight25,
  weight26,
  measured
})

/** Ciphers with equal sizes are one: BF, DES-EDE3 and CAST5; AES, Camellia and ARIA of any key. */
const CIPHERS: ReadonlyArray<Cipher> = [
  { hmac: 0, iv: 12, block: 16, isAead: true, weight25: 15, weight26: 30, measured: true },
  // ChaCha20-Poly1305: a block of one byte in 2.5, the same as AES-GCM in 2.6.
  { hmac: 0, iv: 12, block: 1, isAead: true, weight25: 3, weight26: 0, measured: false },
  cbc(16, 20, 4, 1),
  cbc(16, 32, 6, 3),
  cbc(16, 64, 6, 3),
  cbc(16, 28, 0.2, 0.1, false),
  cbc(16, 48, 0.5, 0.3, false),
  cbc(16, 16, 0.2, 0.1, false),
  cbc(8, 20, 2, 0.5),
  cbc(8, 32, 0.2, 0.1, false),
  cbc(8, 64, 0.2, 0.1, false),
  cbc(8, 16, 0.2, 0.1, false)
]

/** Values that configurations set, beside the default: hundreds and fifties, and some that guides give. */
const CHOSEN: ReadonlyArray<readonly [bytes: number, share: number]> = [
  [1460, 0.02],
  [1450, 0.15],
  [1440, 0.02],
  [1430, 0.02],
  [1420, 0.04],
  [1410, 0.02],
  [1400, 0.1],
  [1390, 0.02],
  [1380, 0.02],
  [1370, 0.02],
  [1360, 0.06],
  [1350, 0.04],
  [1340, 0.02],
  [1320, 0.02],
  [1300, 0.06],
  [1280, 0.03],
  [1250, 0.03],
  [1200, 0.04],
  [1150, 0.01],
  [1100, 0.02],
  [1050, 0.01],
  [1000, 0.02]
]

/** Values of `tun-mtu` and their weights. */
const INTERFACES: ReadonlyArray<readonly [mtu: number, weight: number]> = [
  [1450, 0.8],
  [1420, 0.8],
  [1400, 2],
  [1350, 0.8],
  [1300, 1.2],
  [1280, 0.6],
  [1250, 0.6],
  [1200, 0.8]
]

const OLD = ["2.4", "2.5"]
const NEW = ["2.6"]
const MEASURED = "OpenVPN 2.4.12, 2.5.11 and 2.6.14, tun device, 2026-11"
const DERIVED = "arithmetic of OpenVPN 2.5 and 2.6"

export type OuterFamily = 4 | 6

/** MTU that OpenVPN 2.4 and 2.5 show with `mssfix N`. */
export function mtuOf25(n: number, cipher: Pick<Cipher, "hmac" | "iv" | "block" | "isAead">, isTcp: boolean): number {
  return n - cipher.hmac - cipher.iv - cipher.block - (cipher.isAead ? 16 : 0) - 4 - 1 - (isTcp ? 2 : 0)
}

/** MTU that OpenVPN 2.6 shows: `mssfix N mtu` with the family of the outer packet, `mssfix N` with 0. */
export function mtuOf26(
  n: number,
  cipher: Pick<Cipher, "hmac" | "iv" | "block" | "isAead">,
  isTcp: boolean,
  outer: OuterFamily | 0
): number {
  const headers = outer === 0 ? 0 : (outer === 6 ? 40 : 20) + (isTcp ? 20 : 8)
  const room = n - headers - (isTcp ? 2 : 0) - 4
  if (cipher.isAead) return room - 4 - 16
  return Math.floor((room - cipher.hmac - cipher.iv) / cipher.block) * cipher.block - 1 - 4
}

/** Properties that profiles of one MTU differ in. */
interface Tunnel {
  /** OpenVPN 2.4 and 2.5. */
  readonly isOld: boolean
  readonly isTcp: boolean
  readonly ownInterface: boolean
  readonly isOverIpv6: boolean
}

function enumerate(): ReadonlyMap<number, ReadonlyArray<OpenvpnProfile>> {
  const byMtu = new Map<number, Array<OpenvpnProfile>>()
  const add = (mtu: number, tunnel: Tunnel, weight: number, measured: boolean): void => {
    if (weight <= 0) return
    const { isOld, isTcp, ownInterface, isOverIpv6 } = tunnel
    const versions = isOld ? OLD : NEW
    const name = `OpenVPN ${versions.join("/")} ${isTcp ? "TCP" : "UDP"}${isOverIpv6 ? " over IPv6" : ""}`
    const profiles = byMtu.get(mtu) ?? []
    byMtu.set(mtu, profiles)
    const known = profiles.findIndex((profile) => profile.name === name && profile.ownInterface === ownInterface)
    const before = known < 0 ? undefined : profiles[known]!
    const isMeasured = measured || before?.evidence === "measured"
    const profile: OpenvpnProfile = {
      mtu,
      name,
      versions,
      transport: isTcp ? "tcp" : "udp",
      ownInterface,
      weight: weight + (before?.weight ?? 0),
      evidence: isMeasured ? "measured" : "derived",
      source: isMeasured ? MEASURED : DERIVED
    }
    if (known < 0) profiles.push(profile)
    else profiles[known] = profile
  }
  for (const isTcp of [false, true]) {
    // TCP is the fallback: a third as common.
    const transport = isTcp ? 0.35 : 1
    for (const cipher of CIPHERS) {
      const compressed = (mtu: number, weight: number, isOld: boolean, measured: boolean, isOverIpv6 = false): void => {
        const tunnel = { isOld, isTcp, ownInterface: false, isOverIpv6 }
        add(mtu, tunnel, weight, measured)
        add(mtu - 1, tunnel, weight * 0.2, measured)
      }
      const old = cipher.weight25 * transport
      compressed(mtuOf25(1450, cipher, isTcp), old, true, cipher.measured)
      // Profiles of commercial services, with tun-mtu-extra 32.
      compressed(mtuOf25(1450, cipher, isTcp) - 32, cipher.hmac === 64 ? old : old * 0.02, true, cipher.hmac === 64)
      const recent = cipher.weight26 * transport
      compressed(mtuOf26(1492, cipher, isTcp, 4), recent, false, cipher.measured)
      compressed(mtuOf26(1492, cipher, isTcp, 6), recent * 0.25, false, cipher.isAead, true)
      for (const [n, share] of CHOSEN) {
        if (n !== 1450) compressed(mtuOf25(n, cipher, isTcp), old * share, true, cipher.isAead && n === 1400)
        compressed(mtuOf26(n, cipher, isTcp, 0), recent * share, false, cipher.measured && n === 1450)
        compressed(mtuOf26(n, cipher, isTcp, 4), recent * share * 0.3, false, false)
        // `fragment N` lowers mssfix to N, and has 4 bytes of its own; UDP only.
        if (!isTcp) {
          compressed(mtuOf26(n - 4, cipher, isTcp, 4), recent * share * 0.2, false, cipher.isAead && n === 1300)
          compressed(mtuOf25(n - 4, cipher, isTcp), old * share * 0.2, true, false)
        }
      }
    }
    const recent = { isOld: false, isTcp, ownInterface: false, isOverIpv6: false }
    // `mssfix N fixed`.
    for (const [n, share] of CHOSEN) add(n, recent, 2 * share * transport, n === 1400)
    for (const [mtu, weight] of INTERFACES) {
      add(mtu, { ...recent, isOld: true, ownInterface: true }, 0.5 * weight * transport, false)
      add(mtu, { ...recent, ownInterface: true }, weight * transport, mtu === 1400)
    }
  }
  return byMtu
}

let profiles: ReadonlyMap<number, ReadonlyArray<OpenvpnProfile>> | undefined
const NONE: ReadonlyArray<OpenvpnProfile> = []

/** Every profile that shows this MTU. */
export function openvpnProfiles(mtu: number): ReadonlyArray<OpenvpnProfile> {
  profiles ??= enumerate()
  return profiles.get(mtu) ?? NONE
}
