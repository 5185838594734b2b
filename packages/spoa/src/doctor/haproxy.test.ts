import { expect, test } from "bun:test"
import { configurationChecks } from "./haproxy.ts"

test("HAProxy's configuration: the filter, and the deletion of client copies", () => {
  const results = (text: string) => configurationChecks(text).map(({ name, result }) => `${name} ${result}`)
  expect(results("frontend f\n  bind :80\n  # filter spoe engine x\n")).toEqual(["haproxy filter warn"])
  const filter = "frontend f\n  filter spoe engine synprint config x\n"
  expect(results(filter)).toEqual(["haproxy filter ok", "haproxy headers warn"])
  expect(results(`${filter}  http-request del-header x-tcp- -m beg\n`)).toEqual([
    "haproxy filter ok",
    "haproxy headers ok"
  ])
})
