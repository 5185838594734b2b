import { expect, test } from "bun:test"
import { parseCounts } from "./junit.ts"

test("counts of bun's JUnit report; none without a report", () => {
  expect(
    parseCounts(
      '<?xml?><testsuites name="bun test" tests="9" assertions="1" failures="2" skipped="3" time="0.1"><testsuite tests="4" failures="9">'
    )
  ).toEqual({ passed: 4, failed: 2, skipped: 3 })
  expect(parseCounts("")).toEqual({ passed: 0, failed: 0, skipped: 0 })
})
