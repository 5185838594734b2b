import { expect, test } from "bun:test"
import { wireguardWeight } from "./wireguard.ts"

test("outer MTU less 80, and less 60 by a smaller share", () => {
  expect(wireguardWeight(1412)).toBeGreaterThan(wireguardWeight(1432))
  for (const usual of [1412, 1432, 1380, 1374, 1340, 8921]) expect(wireguardWeight(usual)).toBeGreaterThan(4)
})

test("any MTU that can be set by hand has some weight, round ones more, others none", () => {
  for (let mtu = 1280; mtu <= 1440; mtu++) expect(wireguardWeight(mtu)).toBeGreaterThanOrEqual(mtu % 10 === 0 ? 4 : 1)
  for (const never of [0, 576, 1200, 1279, 1441, 1500, 9000, 65_535]) expect(wireguardWeight(never)).toBe(0)
})
