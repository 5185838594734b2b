import { expect, test } from "bun:test"
import { languageName, languageNumber } from "./languages.ts"

const nameOf = (code: string): string | undefined =>
  languageName(languageNumber(code.charCodeAt(0), code.charCodeAt(1)))

test("185 codes of two lower-case letters have a name", () => {
  const letters = "abcdefghijklmnopqrstuvwxyz"
  const names = [...letters].flatMap((first) => [...letters].flatMap((second) => nameOf(first + second) ?? []))
  expect([names.length, new Set(names).size]).toEqual([185, 185])
  expect(["aa", "az", "de", "en", "ga", "za", "zh", "zu"].map(nameOf)).toEqual([
    "Afar",
    "Azerbaijani",
    "German",
    "English",
    "Irish",
    "Zhuang",
    "Chinese",
    "Zulu"
  ])
})

test("any other two bytes have none", () => {
  for (const code of ["xx", "zz", "EN", "eN", "En", "a`", "`a", "a{", "{a", "e1", "\0\0", "\u00ff\u00ff"])
    expect([code, nameOf(code)]).toEqual([code, undefined])
})
