import { expect, test } from "bun:test"
import {
  absolutePath,
  duration,
  fileMode,
  flag,
  fraction,
  headerName,
  integer,
  InvalidValue,
  ipAddress,
  list,
  listenAddresses,
  networks,
  nonEmpty,
  oneOf,
  port,
  printDuration,
  size,
  text,
  type Value
} from "./value.ts"

/** The value, or what is wrong with it. */
function read(value: Value<unknown>, input: unknown): unknown {
  const decoded = value.decode(input)
  return decoded instanceof InvalidValue
    ? decoded.parts.map(({ at, message }) => [...at, message].join(": ")).join("; ")
    : decoded
}

test("durations in every unit, in the singular and in the plural", () => {
  const units: ReadonlyArray<readonly [string, number]> = [
    ["ms milli millis millisecond milliseconds", 1],
    ["s sec secs second seconds", 1000],
    ["m min mins minute minutes", 60_000],
    ["h hour hours", 3_600_000],
    ["d day days", 86_400_000]
  ]
  for (const [names, ms] of units)
    for (const name of names.split(" ")) expect([name, read(duration(1), `3 ${name}`)]).toEqual([name, 3 * ms])
  expect(read(duration(), " 1.5Hours ")).toBe(5_400_000)
  for (const wrong of ["3", "s", "3 parsecs", "-3 s", "3 s s", "1.s", 3, undefined])
    expect(read(duration(), wrong)).toStartWith('expected a duration such as "60 seconds" or "30 minutes", got ')
})

test("durations within their bounds, of which both are good", () => {
  const between = duration(2000, 60_000)
  expect([read(between, "2 s"), read(between, "1 minute")]).toEqual([2000, 60_000])
  for (const outside of ["1999 ms", "60001 ms"])
    expect(read(between, outside)).toBe(`expected a duration from 2 seconds to 1 minute, got "${outside}"`)
  expect(read(duration(), "365 days")).toBe(365 * 86_400_000)
  expect(read(duration(), "366 days")).toContain("from 1 ms to 365 days")
  expect(read(duration(), "0 s")).toContain("from 1 ms to 365 days")
})

test("durations are printed in the largest unit that divides them", () => {
  expect(
    [1, 999, 1000, 1500, 2000, 59_000, 60_000, 90_000, 3_600_000, 7_200_000, 86_400_000, 172_800_000].map(printDuration)
  ).toEqual([
    "1 ms",
    "999 ms",
    "1 second",
    "1500 ms",
    "2 seconds",
    "59 seconds",
    "1 minute",
    "90 seconds",
    "1 hour",
    "2 hours",
    "1 day",
    "2 days"
  ])
  expect(printDuration(0)).toBe("0 ms")
})

test("sizes in every unit, of two and of ten", () => {
  const units: ReadonlyArray<readonly [string, number]> = [
    ["b", 1],
    ["k", 1024],
    ["KiB", 1024],
    ["m", 1_048_576],
    ["MiB", 1_048_576],
    ["g", 1_073_741_824],
    ["GiB", 1_073_741_824],
    ["kB", 1000],
    ["MB", 1_000_000],
    ["GB", 1_000_000_000]
  ]
  const any = size(0, 2 ** 40)
  for (const [name, bytes] of units) expect([name, read(any, `3 ${name}`)]).toEqual([name, 3 * bytes])
  expect([read(any, "17"), read(any, 17), read(any, "1.5k"), read(any, " 0.3 k ")]).toEqual([17, 17, 1536, 307])
  for (const wrong of ["3 x", "k", "-1", true])
    expect(read(any, wrong)).toStartWith('expected a size such as "16 MiB" or "512 KiB", got ')
  expect([read(size(2, 4), 2), read(size(2, 4), 4)]).toEqual([2, 4])
  expect(read(any, -1)).toStartWith("expected a size from 0 to ")
  expect([read(size(2, 4), 1), read(size(2, 4), "5 b")]).toEqual([
    "expected a size from 2 to 4 bytes, got 1",
    'expected a size from 2 to 4 bytes, got "5 b"'
  ])
})

test("numbers and their bounds", () => {
  expect([read(integer(2, 4), 2), read(integer(2, 4), 4), read(port, 1), read(port, 65_535)]).toEqual([2, 4, 1, 65_535])
  for (const wrong of [1, 5, 2.5, "3", true])
    expect(read(integer(2, 4), wrong)).toStartWith("expected a whole number from 2 to 4, got ")
  for (const wrong of [0, 65_536])
    expect(read(port, wrong)).toBe(`expected a port number from 1 to 65535, got ${wrong}`)
  expect([0, 0.5, 1].map((input) => read(fraction, input))).toEqual([0, 0.5, 1])
  for (const wrong of [-0.1, 1.1, "0.5"]) expect(read(fraction, wrong)).toStartWith("expected a number from 0 to 1")
})

test("texts of several kinds", () => {
  expect([read(text, ""), read(nonEmpty("a name"), "x"), read(absolutePath, "/x"), read(headerName, "X-a_1")]).toEqual([
    "",
    "x",
    "/x",
    "X-a_1"
  ])
  expect(read(text, 1)).toBe("expected text, got 1")
  expect(read(nonEmpty("a name"), "")).toBe('expected a name, got ""')
  expect(read(nonEmpty("a name"), 1)).toBe("expected a name, got 1")
  for (const wrong of ["x", "", 1]) expect(read(absolutePath, wrong)).toStartWith("expected an absolute path")
  for (const wrong of ["a b", "", "a:", 1])
    expect(read(headerName, wrong)).toStartWith("expected the name of an HTTP header")
  expect([read(flag, true), read(flag, false)]).toEqual([true, false])
  expect(read(flag, { a: 1 })).toBe("expected true or false, got a table")
  expect(read(flag, [true])).toBe("expected true or false, got a list")
})

test("file modes as chmod takes them, in three or four digits", () => {
  expect([read(fileMode, "0660"), read(fileMode, "600")]).toEqual([0o660, 0o600])
  for (const wrong of ["66", "1660", "0668", "u+x", 660])
    expect(read(fileMode, wrong)).toStartWith("expected a file mode")
})

test("one of some names, with the one that was meant", () => {
  const level = oneOf("debug", "info")
  expect(read(level, "info")).toBe("info")
  expect(read(level, "inof")).toBe('expected "debug" | "info", got "inof": did you mean "info"?')
  expect(read(level, "something else")).toBe('expected "debug" | "info", got "something else"')
  expect(read(level, 1)).toBe('expected "debug" | "info", got 1')
})

test("lists: every wrong element by its index, an element alone without one, the same element twice", () => {
  const numbers = list(integer(0, 9))
  expect([read(numbers, [1, 2]), read(numbers, 1), read(numbers, [])]).toEqual([[1, 2], [1], []])
  expect(read(numbers, [10, 1, "x"])).toBe(
    '0: expected a whole number from 0 to 9, got 10; 2: expected a whole number from 0 to 9, got "x"'
  )
  expect(read(numbers, 10)).toBe("expected a whole number from 0 to 9, got 10")
  expect(read(numbers, [1, 2, 1])).toBe("1 is given twice")
  expect(read(list(list(integer(0, 9))), [[1], [2, 10]])).toBe("1: 1: expected a whole number from 0 to 9, got 10")
})

test("addresses and networks", () => {
  expect([read(ipAddress, "192.0.2.1"), read(ipAddress, "2001:DB8:0::1")]).toEqual(["192.0.2.1", "2001:db8::1"])
  for (const wrong of ["192.0.2", 1]) expect(read(ipAddress, wrong)).toStartWith("expected an IPv4 or IPv6 address")
  expect(read(listenAddresses, "127.0.0.1:1")).toEqual([{ kind: "tcp", host: "127.0.0.1", port: 1 }])
  expect(read(listenAddresses, 9000)).toBe('expected "host:port", "[v6]:port" or "unix:PATH", got 9000')
  expect(read(listenAddresses, "x")).toBe('expected "host:port", "[v6]:port" or "unix:PATH", got "x"')
  const set = networks.decode(["10.0.0.0/8", "2001:db8::1"])
  expect(set instanceof InvalidValue ? set : set.print()).toEqual(["10.0.0.0/8", "2001:db8::1/128"])
  expect(read(networks, [1])).toBe('0: expected a network such as "10.0.0.0/8" or "2001:db8::/32", got 1')
})
