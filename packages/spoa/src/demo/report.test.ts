import { expect, test } from "bun:test"
import { printReport } from "./report.ts"

const setting = { haproxy: "2.6.12", clients: ["10.77.0.2"], server: ["10.77.0.1"] }

test("the report shows our headers of the first request and says that the next one has the same", () => {
  const head = ["host: demo.example", "x-tcp-status: ok", "x-tcp-os: Linux"]
  const report = printReport([{ address: "10.77.0.1", requests: [head, head] }], setting)
  expect(report).toContain(
    "GET http://10.77.0.1/   first request of a connection\n    x-tcp-status  ok\n    x-tcp-os      Linux\n"
  )
  expect(report).toContain("next request of the same connection: the same headers")
  expect(report).not.toContain("demo.example")
})

test("a next request with other headers is shown as such", () => {
  const report = printReport([{ address: "fd77::1", requests: [["x-tcp-os: Linux"], ["x-tcp-os: Windows"]] }], setting)
  expect(report).toContain(
    "GET http://[fd77::1]/   next request of the same connection: other headers\n    x-tcp-os      Windows"
  )
})
