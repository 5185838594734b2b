/**
 * Network: whose history an IPv6 client has. A household, a phone with what it tethers or a server gets a /64, and privacy addresses
 * within it last a day (RFC 8981), so modern mode keeps one record per /64, as it does per IPv4 address. It is that of the
 * Subnet-Router anycast address (RFC 4291 section 2.6.1), which nobody sends from.
 *
 * By address are: everything but global unicast (2000::/3), since on a link or in a site a /64 holds machines that have nothing to do
 * with each other, and 64:ff9b::/96 the whole of IPv4; and Teredo (2001::/32), where a /64 holds all clients of one server.
 */

const TEREDO = 0x2001_0000

/** Returns true if the address that begins with the big-endian word `a0` shares the record of its /64: words 2 and 3 then count as 0. */
export function isKeptByNetwork(ver: number, a0: number): boolean {
  return ver === 6 && a0 >>> 29 === 1 && a0 !== TEREDO
}
