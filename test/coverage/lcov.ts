/**
 * Line counts of an lcov file, by source:
 *
 *     SF:packages/core/src/a.ts
 *     DA:12,3          line 12 ran three times
 *     LF:40            lines found
 *     LH:38            lines hit
 *     end_of_record
 */
export interface FileCoverage {
  readonly file: string
  readonly lines: number
  readonly hit: number
  /** Numbers of the lines that didn't run. */
  readonly missed: ReadonlyArray<number>
}

export function parseLcov(text: string): ReadonlyArray<FileCoverage> {
  const files: Array<FileCoverage> = []
  let file = ""
  let lines = 0
  let hit = 0
  let missed: Array<number> = []
  for (const line of text.split("\n")) {
    const [, key, value] = /^(SF|DA|LF|LH):(.*)$/.exec(line) ?? []
    if (key === "SF") {
      file = value!
      missed = []
    } else if (key === "LF") lines = Number(value)
    else if (key === "LH") hit = Number(value)
    else if (key === "DA") {
      const [number, count] = value!.split(",")
      if (count === "0") missed.push(Number(number))
    } else if (line === "end_of_record") files.push({ file, lines, hit, missed })
  }
  return files
}

/** `[1, 2, 3, 7]` as `1-3, 7`. */
export function printRanges(numbers: ReadonlyArray<number>): string {
  const ranges: Array<string> = []
  for (let at = 0; at < numbers.length;) {
    const first = at
    while (numbers[at + 1] === numbers[at]! + 1) at++
    ranges.push(first === at ? `${numbers[at]}` : `${numbers[first]}-${numbers[at]}`)
    at++
  }
  return ranges.join(", ")
}
