import { expect, test } from "bun:test"
import { INTERFACE_MSS, INTERFACES_IPV4, INTERFACES_IPV6, interfaceOfMss } from "./interface-mss.ts"
import { largestMssMultiple } from "../signature/signature.ts"

test("Ethernet of either family comes first, then jumbo frames, PPPoE and Google Cloud", () => {
  expect(INTERFACES_IPV4).toEqual([1460, 1440, 8961, 8960, 8856, 1452, 1420])
  expect(INTERFACES_IPV6).toEqual([1440, 1460, 8941, 8940, 8836, 1432, 1400])
})

test("each has a name, and a window of its own", () => {
  expect(INTERFACE_MSS.map((mss) => interfaceOfMss(mss)?.mtu)).not.toContain(undefined)
  expect(new Set(INTERFACE_MSS.map((mss) => largestMssMultiple(mss))).size).toBe(INTERFACE_MSS.length)
  expect(interfaceOfMss(1380)).toBeUndefined()
})
