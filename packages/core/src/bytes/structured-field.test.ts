import { describe, expect, test } from "bun:test"
import { seededRandom } from "../testing/random.ts"
import {
  type Parameter,
  serializeDecimal,
  serializeInteger,
  serializeItem,
  serializeList,
  serializeString,
  serializeToken
} from "./structured-field.ts"

type Bare = { readonly kind: "integer" | "decimal" | "string" | "token" | "boolean"; readonly value: unknown }
interface Item {
  readonly bare: Bare
  readonly parameters: ReadonlyArray<readonly [string, Bare]>
}

/** RFC 9651 section 4.2, read anew: a list of items. Throws for what is none. */
function parseList(text: string): ReadonlyArray<Item> {
  let at = 0
  const fail = (what: string): never => {
    throw new Error(`${what} at ${at} of ${text}`)
  }
  const bare = (): Bare => {
    const char = text[at] ?? fail("no item")
    if (char === '"') {
      let value = ""
      for (at++; ; at++) {
        const next = text[at] ?? fail("no end of string")
        if (next === '"') break
        if (next === "\\") {
          at++
          if (text[at] !== '"' && text[at] !== "\\") fail("wrong escape")
          value += text[at]
        } else if (next < " " || next > "~") fail("not printable")
        else value += next
      }
      at++
      return { kind: "string", value }
    }
    if (char === "?") {
      const flag = /^\?[01]/.exec(text.slice(at)) ?? fail("no boolean")
      at += 2
      return { kind: "boolean", value: flag[0] === "?1" }
    }
    const number = /^-?\d+(\.\d+)?/.exec(text.slice(at))
    if (number !== null) {
      at += number[0].length
      const [whole = "", decimals] = number[0].replace("-", "").split(".")
      if (decimals === undefined && whole.length > 15) fail("too many digits")
      if (decimals !== undefined && (whole.length > 12 || decimals.length > 3)) fail("too many digits")
      return { kind: decimals === undefined ? "integer" : "decimal", value: Number(number[0]) }
    }
    const token = /^[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/.exec(text.slice(at)) ?? fail("no token")
    at += token[0].length
    return { kind: "token", value: token[0] }
  }
  const items: Array<Item> = []
  while (at < text.length) {
    const value = bare()
    const parameters: Array<readonly [string, Bare]> = []
    while (text[at] === ";") {
      at++
      while (text[at] === " ") at++
      const key = /^[a-z*][a-z0-9_\-.*]*/.exec(text.slice(at)) ?? fail("no key")
      at += key[0].length
      if (text[at] === "=") {
        at++
        parameters.push([key[0], bare()])
      } else parameters.push([key[0], { kind: "boolean", value: true }])
    }
    items.push({ bare: value, parameters })
    while (text[at] === " " || text[at] === "\t") at++
    if (at === text.length) return items
    if (text[at] !== ",") fail("no comma")
    at++
    while (text[at] === " " || text[at] === "\t") at++
    if (at === text.length) fail("a comma at the end")
  }
  return items
}

describe("values", () => {
  test("integers: fifteen digits, nothing else", () => {
    expect(serializeInteger(42)).toBe("42")
    expect(serializeInteger(-0)).toBe("0")
    expect(serializeInteger(-999_999_999_999_999)).toBe("-999999999999999")
    for (const bad of [1e15, 0.5, Number.NaN, Infinity]) expect(serializeInteger(bad)).toBeUndefined()
  })

  test("decimals: one digit at least, three at most, ties to even", () => {
    for (const [value, text] of [
      [0, "0.0"],
      [-0, "0.0"],
      [1, "1.0"],
      [0.9, "0.9"],
      [0.85, "0.85"],
      [0.125, "0.125"],
      [0.0625, "0.062"],
      [0.1875, "0.188"],
      [-1.5, "-1.5"],
      [-0.0001, "0.0"],
      [0.9996, "1.0"],
      [999_999_999_999, "999999999999.0"]
    ] as const) {
      expect(serializeDecimal(value)).toBe(text)
    }
    for (const bad of [1e12, -1e12, Number.NaN, Infinity]) expect(serializeDecimal(bad)).toBeUndefined()
  })

  test("strings: quotes and backslashes escaped, others than printable ASCII refused", () => {
    expect(serializeString('a "b" \\c')).toBe('"a \\"b\\" \\\\c"')
    expect(serializeString("")).toBe('""')
    for (const bad of ["ä", "\n", "\x7f", "\0"]) expect(serializeString(bad)).toBeUndefined()
  })

  test("tokens", () => {
    for (const good of ["wireguard", "*", "a/b:c", "openvpn-2.6"]) expect(serializeToken(good)).toBe(good)
    for (const bad of ["", "84ms", "a b", "a;b", "-a", "a,", "é"]) expect(serializeToken(bad)).toBeUndefined()
  })

  test("items and lists: a key that is none fails, a value that is none is left out, an empty list is not sent", () => {
    expect(
      serializeItem("relay", [
        ["q", "0.8"],
        ["gap", "84"]
      ])
    ).toBe("relay;q=0.8;gap=84")
    expect(serializeItem("relay", [["reason", serializeString("ü")]])).toBe("relay")
    for (const key of ["Q", "", "1a", "a b", "a="]) expect(serializeItem("relay", [[key, "1"]])).toBeUndefined()
    expect(serializeList([])).toBeUndefined()
    expect(serializeList(["a", "b;q=0.5"])).toBe("a, b;q=0.5")
  })
})

test("what is written reads back by the grammar (5,000 random lists)", () => {
  const random = seededRandom(9651)
  const printable = (): string =>
    String.fromCharCode(...Array.from({ length: random.below(20) }, () => 0x20 + random.below(95)))
  const pick = (from: string): string => from[random.below(from.length)]!
  const name = (first: string, rest: string): string =>
    pick(first) + Array.from({ length: random.below(12) }, () => pick(rest)).join("")
  const bare = (): readonly [text: string | undefined, Bare] => {
    switch (random.below(4)) {
      case 0: {
        const value = random.below(2 ** 31) - 2 ** 30
        return [serializeInteger(value), { kind: "integer", value }]
      }
      case 1: {
        const thousandths = random.below(10_000_000) - 5_000_000
        return [serializeDecimal(thousandths / 1000), { kind: "decimal", value: thousandths / 1000 + 0 }]
      }
      case 2: {
        const value = printable()
        return [serializeString(value), { kind: "string", value }]
      }
      default: {
        const value = name("abcXYZ*", "abcXYZ019!#$%&'*+-.^_`|~:/")
        return [serializeToken(value), { kind: "token", value }]
      }
    }
  }
  for (let round = 0; round < 5000; round++) {
    const members: Array<string> = []
    const wanted: Array<Item> = []
    for (let member = 0; member <= random.below(4); member++) {
      const [text, value] = bare()
      const parameters: Array<Parameter> = []
      const read: Array<readonly [string, Bare]> = []
      for (let n = random.below(4); n > 0; n--) {
        const [inner, innerValue] = bare()
        const key = name("abcxyz*", "abcxyz019_-.*")
        parameters.push([key, inner])
        read.push([key, innerValue])
      }
      members.push(serializeItem(text!, parameters)!)
      wanted.push({ bare: value, parameters: read })
    }
    expect(parseList(serializeList(members)!)).toEqual(wanted)
  }
})
