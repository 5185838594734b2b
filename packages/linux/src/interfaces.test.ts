import { expect, test } from "bun:test"
import { networkInterfaces } from "node:os"
import { defaultInterfaces, interfaceNames, parseProcNetDev } from "./interfaces.ts"

test("/proc/net/dev: every name behind the two lines of heading", () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 8342 102 0 0 0 0 0 0 8342 102 0 0 0 0 0 0
eth0.7:1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0
wg-office:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
`
  expect(parseProcNetDev(text)).toEqual(["lo", "eth0.7", "wg-office"])
  expect(parseProcNetDev("")).toEqual([])
})

test("the interfaces of this namespace are those that node names, or more", () => {
  const names = interfaceNames()
  expect(Object.keys(networkInterfaces()).filter((name) => !names.includes(name))).toEqual([])
})

test("default routes: IPv4 first, each interface once, no other route", () => {
  const ipv4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth1	0001A8C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
tun0	00000000	0108000A	0003	0	0	0	00000080	0	0	0
eth0	00000000	0100000A	0003	0	0	0	00000000	0	0	0
ppp0	00000000	00000000	0001	0	0	9	00000000	0	0	0
`
  const none = "00000000000000000000000000000000"
  const ipv6 = `20010db8000000000000000000000000 40 ${none} 00 ${none} 00000100 00000001 00000000 00000001     eth2
${none} 00 ${none} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0
${none} 60 ${none} 00 ${none} 00000100 00000001 00000000 00000001     eth3
${none} 00 ${none} 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     wlan0
${none} 00 ${none} 00 ${none} ffffffff 00000001 00000000 00200200       lo
`
  expect(defaultInterfaces(ipv4, ipv6)).toEqual(["eth0", "ppp0", "wlan0"])
  expect(defaultInterfaces("", "")).toEqual([])
  expect(defaultInterfaces().filter((name) => !interfaceNames().includes(name))).toEqual([])
})
