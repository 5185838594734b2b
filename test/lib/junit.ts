/**
 * Counts of `bun test --reporter=junit`: the attributes of the outermost element.
 */
export interface TestCounts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function parseCounts(xml: string): TestCounts {
  const head = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? ""
  const attribute = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0)
  const failed = attribute("failures") + attribute("errors")
  const skipped = attribute("skipped")
  return { passed: attribute("tests") - failed - skipped, failed, skipped }
}

/** All zero when there is no report: the run did not come to its end. */
export async function countTests(report: string): Promise<TestCounts> {
  const file = Bun.file(report)
  return parseCounts((await file.exists()) ? await file.text() : "")
}
