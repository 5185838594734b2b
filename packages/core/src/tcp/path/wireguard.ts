/**
 * WireGuard: the MTUs of its interface. wg-quick and NetworkManager take that of the way out less 80, some set-ups 60, the overhead
 * over IPv4 alone; any other can be set, and is: 1280 to 1440 in guides. The host counts its window in it, nothing is rewritten.
 *
 *     outer packet   IPv6 40 or IPv4 20 + UDP 8 + WireGuard 16 + tag 16
 *
 * 1420, 1440 and 1280, which are measured or documented, stand in builtin.fp; these follow from the MTUs of access links there.
 */

/** MTU of the way out, and how common a WireGuard on it is. */
const OUTER: ReadonlyArray<readonly [mtu: number, weight: number]> = [
  [1492, 20],
  [1480, 5],
  [1460, 12],
  [1454, 8],
  [1452, 6],
  [1450, 5],
  [1440, 5],
  [1430, 4],
  [1428, 4],
  // WireGuard within WireGuard.
  [1420, 5],
  [1400, 6],
  [9001, 10],
  [9000, 5]
]
const OVERHEAD = 80
const OVERHEAD_IPV4 = 60
/** Share of those who count the overhead of IPv4. */
const IPV4_SHARE = 0.3

const LEAST = 1280
const MOST = 1440
const SET_BY_HAND = 1
const SET_BY_HAND_ROUND = 4

/** Weight, against those of builtin.fp, of a WireGuard whose interface has this MTU; 0 when it has no reason to. */
export function wireguardWeight(mtu: number): number {
  let weight = mtu < LEAST || mtu > MOST ? 0 : mtu % 10 === 0 ? SET_BY_HAND_ROUND : SET_BY_HAND
  for (const [outer, common] of OUTER) {
    if (outer - OVERHEAD === mtu) weight += common
    if (outer - OVERHEAD_IPV4 === mtu) weight += common * IPV4_SHARE
  }
  return weight
}
