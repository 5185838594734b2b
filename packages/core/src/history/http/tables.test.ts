import { expect, test } from "bun:test"
import { BUILTIN, BUILTIN_DATABASE } from "../../tcp/database/builtin.ts"
import { readDatabases } from "../../tcp/database/reader.ts"
import { SCENARIO_DATABASE } from "../../testing/p0f-scenarios.ts"
import { HEADER_NO_VALUE, HEADER_OPTIONAL, HttpTables } from "./tables.ts"

const tablesOf = (text: string): HttpTables =>
  new HttpTables(readDatabases([{ name: BUILTIN, text }], "modern").database!)

test("every header name is found, and none that differs from one in a byte or in length", () => {
  // Many names make a table in which most look-ups meet another name first.
  const many = Array.from({ length: 300 }, (_, n) => `X-${(n * 7919).toString(36)}`)
  const [first, second] = [many.slice(0, 30), many.slice(30, 60)]
  const more = `${SCENARIO_DATABASE}label = s:!:Many:\nsys = Linux\nsig = *:${first.join(",")}:${second.join(",")}:\n`
  for (const text of [BUILTIN_DATABASE, SCENARIO_DATABASE, more]) {
    const tables = tablesOf(text)
    const known = new Set(tables.names.map((name) => new TextDecoder().decode(name)))
    expect(known.size).toBe(tables.names.length)
    tables.names.forEach((name, id) => {
      const bytes = new Uint8Array(name.length + 8).fill(0x2d)
      bytes.set(name, 4)
      expect(tables.headerId(bytes, 4, name.length)).toBe(id)
      for (let at = 0; at < name.length; at++) {
        for (let change = 1; change < 256; change++) {
          bytes[4 + at] = name[at]! ^ change
          const other = new TextDecoder("latin1").decode(bytes.subarray(4, 4 + name.length))
          if (!known.has(other) && tables.headerId(bytes, 4, name.length) !== -1) throw new Error(`${other} is known`)
        }
        bytes[4 + at] = name[at]!
      }
      for (const length of [name.length - 1, name.length + 1]) {
        const other = new TextDecoder("latin1").decode(bytes.subarray(4, 4 + length))
        if (!known.has(other)) expect(tables.headerId(bytes, 4, length)).toBe(-1)
      }
    })
  }
})

test("p0f's lists are those of each side, and signatures have their texts as bytes", () => {
  const { names, request, response, uaOs } = tablesOf(SCENARIO_DATABASE)
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  const flagged = (flags: Uint8Array, flag: number): ReadonlyArray<string> =>
    names.flatMap((name, id) => ((flags[id]! & flag) === 0 ? [] : [text(name)])).toSorted()
  // p0f's fp_http.h
  expect(flagged(request.flags, HEADER_OPTIONAL).join(" ")).toBe(
    "Authorization Cache-Control Cookie If-Modified-Since If-None-Match Origin Proxy-Authorization Range Referer Via X-Forwarded-For"
  )
  expect(flagged(response.flags, HEADER_OPTIONAL).join(" ")).toBe(
    "Cache-Control Content-Disposition Content-Length Content-Range ETag Expires Last-Modified Location Pragma Refresh Set-Cookie Vary"
  )
  expect(flagged(request.flags, HEADER_NO_VALUE)).toEqual(["Host", "User-Agent"])
  expect(flagged(response.flags, HEADER_NO_VALUE)).toEqual(["Content-Type", "Date", "Server"])
  expect([...request.common].map((id) => text(names[id]!)).join(" ")).toBe(
    "Host User-Agent Connection Accept Accept-Encoding Accept-Language Accept-Charset Keep-Alive"
  )
  expect([...response.common].map((id) => text(names[id]!)).join(" ")).toBe(
    "Content-Type Connection Keep-Alive Accept-Ranges Date"
  )
  expect(uaOs.map(({ needle }) => text(needle))).toEqual(["Linux", "NT "])
  const [browser] = request.signatures
  expect([...browser!.ids].map((id) => text(names[id]!))).toEqual(["Host", "User-Agent", "Accept-Language", "Accept"])
  expect([...browser!.optional]).toEqual([0, 0, 1, 0])
  expect(browser!.values.map((value) => value && text(value))).toEqual([undefined, undefined, undefined, "text/"])
  expect([...browser!.absent].map((id) => text(names[id]!))).toEqual(["Keep-Alive"])
  expect(text(browser!.expsw)).toBe("Gecko")
})
