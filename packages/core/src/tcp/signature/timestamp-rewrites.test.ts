import { expect, test } from "bun:test"
import { parseLayout, printLayout } from "./option-layout.ts"
import { timestampRewrites } from "./timestamp-rewrites.ts"

function rewrites(text: string): ReadonlyArray<string> {
  const options = parseLayout(text)
  if (!("layout" in options)) throw new Error(options[1])
  return timestampRewrites(options.layout, options.layout.indexOf(8)).map((layout) => printLayout(layout, options.pad))
}

const nops = (count: number): string => "nop,".repeat(count)

test("Linux: the field shows both", () => {
  expect(rewrites("mss,sok,ts,nop,ws")).toEqual([`mss,sok,${nops(11)}ws`, "mss,sok,nop,nop,nop,ws"])
})

test("Apple: removed with the NOPs that aligned it", () => {
  expect(rewrites("mss,nop,ws,nop,nop,ts,sok,eol+1")).toEqual([
    `mss,nop,ws,${nops(12)}sok,eol+1`,
    "mss,nop,ws,sok,eol+1"
  ])
})

test("another option is no timestamp", () => {
  expect(() => timestampRewrites(Uint8Array.of(2, 8), 0)).toThrow("option 0 is no timestamp")
})
