import { expect, test } from "bun:test"
import { seededRandom } from "@synprint/core/testing"
import { bytesOf } from "../http1/byte-classes.ts"
import { RequestHead } from "../http1/request-head.ts"
import { RouteTable } from "./route-table.ts"

const head = new RequestHead()
function find(table: RouteTable<string>, host: string, target: string, method = "GET"): string | undefined {
  const text = `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  const bytes = bytesOf(text)
  expect(head.parse(bytes, 0, bytes.length, 16)).toBe(text.length)
  return table.find(head, bytes)
}
const tableOf = (...routes: ReadonlyArray<string>) =>
  new RouteTable(routes.map((route) => [{ host: route.split(" ")[0]!, path: route.split(" ")[1]! }, route] as const))

test("exact before wildcard before default; case, port and final dot do not count", () => {
  const table = tableOf("example.org /", "*.example.org /", "* /", "[::1] /")
  for (const host of ["example.org", "EXAMPLE.org:8080", "example.org.", "example.org.:80"])
    expect(find(table, host, "/")).toBe("example.org /")
  expect(find(table, "www.example.org", "/")).toBe("*.example.org /")
  expect(find(table, "a.b.example.org", "/")).toBe("* /")
  expect(find(table, "other", "/")).toBe("* /")
  expect(find(table, "[::1]:443", "/")).toBe("[::1] /")
  expect(find(tableOf("example.org /"), "other", "/")).toBeUndefined()
})

test("the longest prefix at a slash", () => {
  const table = tableOf("* /", "* /api", "* /api/v2", "* /files/")
  expect(find(table, "h", "/")).toBe("* /")
  expect(find(table, "h", "/api")).toBe("* /api")
  expect(find(table, "h", "/api?x")).toBe("* /api")
  expect(find(table, "h", "/api/x")).toBe("* /api")
  expect(find(table, "h", "/apix")).toBe("* /")
  expect(find(table, "h", "/api/v2/y")).toBe("* /api/v2")
  expect(find(table, "h", "/api/v22")).toBe("* /api")
  expect(find(table, "h", "/files")).toBe("* /")
  expect(find(table, "h", "/files/x")).toBe("* /files/")
  expect(find(table, "h", "*", "OPTIONS")).toBe("* /")
  expect(find(table, "h", "http://h")).toBe("* /")
})

test("a host that is found decides", () => {
  const table = tableOf("* /", "a /x")
  expect(find(table, "a", "/x/y")).toBe("a /x")
  expect(find(table, "a", "/y")).toBeUndefined()
})

test("500 hosts: as a plain search finds them", () => {
  const random = seededRandom(4)
  const names = Array.from({ length: 500 }, (_, i) => `${random.once(3) ? "*." : ""}h${i}.example`)
  const table = tableOf(...names.map((name) => `${name} /`))
  for (const name of names) {
    const host = name.replace("*", `x${random.below(100)}`)
    expect(find(table, host.toUpperCase(), "/")).toBe(`${name} /`)
  }
  expect(find(table, "h500.example", "/")).toBeUndefined()
})
