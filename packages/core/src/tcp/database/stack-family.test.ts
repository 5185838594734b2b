import { expect, test } from "bun:test"
import { readDatabases } from "./reader.ts"
import { ParseError } from "../parse-error.ts"
import {
  contradict,
  FAMILIES_LINUX_KERNEL,
  familiesOfLabel,
  FAMILY_APPLE,
  FAMILY_LINUX,
  FAMILY_NAMES,
  parseFamilies,
  printFamilies
} from "./stack-family.ts"

const LABELS: ReadonlyArray<readonly [name: string, flavor: string | undefined, families: string]> = [
  ["Linux", "4.20 or newer", "linux or android or chromeos"],
  ["Linux", "or Android", "linux or android or chromeos"],
  ["Linux", "(Android)", "android"],
  ["Linux", "2.2.x-3.x (barebone)", "linux or android or chromeos"],
  ["Linux or Windows", "no scaling", "windows or linux or android or chromeos"],
  ["Windows", "NT kernel 5.x", "windows"],
  ["Mac OS X", "or iOS", "apple"],
  ["FreeBSD", "9 or newer", "bsd"],
  ["PlayStation", "3", "console"],
  ["gVisor", "netstack", "user-space"],
  ["Solaris", "10", "other"],
  ["HP-UX", "11.x", "other"]
]
for (const [name, flavor, families] of LABELS) {
  test(`${name} ${flavor} is ${families}`, () => {
    expect(printFamilies(familiesOfLabel(name, flavor, false))).toBe(families)
  })
}

test("class ! writes its own packets", () => {
  expect(printFamilies(familiesOfLabel("NMap", "SYN scan", true))).toBe("scanner")
})

test("every name is read back as its bit", () => {
  for (const [bit, name] of FAMILY_NAMES.entries()) expect(parseFamilies(name)).toBe(1 << bit)
  expect(parseFamilies("linux android chromeos")).toBe(FAMILIES_LINUX_KERNEL)
  const wrong = parseFamilies("linux bees")
  expect(wrong instanceof ParseError && wrong.message).toStartWith(
    "family: 'bees' is no stack family: use windows linux"
  )
})

test("the unknown contradicts nothing", () => {
  expect(contradict(FAMILY_APPLE, FAMILY_LINUX)).toBe(true)
  expect(contradict(FAMILIES_LINUX_KERNEL, FAMILY_LINUX)).toBe(false)
  expect(contradict(0, FAMILY_LINUX)).toBe(false)
  expect(contradict(FAMILY_LINUX, 0)).toBe(false)
})

const file = (attribute: string): string =>
  `classes = unix\n[tcp:request]\n;@ ${attribute}\nlabel = s:unix:Router:\nsig = *:64:0:*:5840,0:mss:df:0\n`

test("a line's own family wins", () => {
  const { database } = readDatabases([{ name: "a.fp", text: file("family=embedded linux") }], "modern")
  expect(printFamilies(database!.requests[0]!.families)).toBe("linux or embedded")
  const { problems } = readDatabases([{ name: "a.fp", text: file("family=bees") }], "modern")
  expect(problems).toEqual([
    {
      file: "a.fp",
      line: 3,
      column: 4,
      message:
        "family: 'bees' is no stack family: use windows linux android chromeos apple bsd console embedded user-space scanner other"
    }
  ])
  expect(readDatabases([{ name: "a.fp", text: file("family=bees") }], "p0f").problems).toEqual([])
})
