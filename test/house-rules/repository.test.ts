import { expect, test } from "bun:test"
import { machinePathProblems, packageProblems } from "../house-rules.ts"

test("a path of one machine is found, a path of every machine is not", () => {
  const paths = ["/work/a", "`/home/me/a.ts`", '"/root/x"', "/etc/p0f/p0f.fp", "packages/work/a.ts"]
  expect(machinePathProblems("a.md", paths.join("\n"))).toEqual([
    "a.md:1: a path of one machine: /work/a",
    "a.md:2: a path of one machine: `/home/me/a.ts`",
    'a.md:3: a path of one machine: "/root/x"'
  ])
})

test("versions are exact, and those of packages come from the catalog", () => {
  const exact = { devDependencies: { a: "1.2.3" }, workspaces: { catalog: { b: "4.5.6" } } }
  expect(packageProblems("package.json", exact)).toEqual([])
  expect(packageProblems("package.json", { devDependencies: { a: "^1.2.3" } })).toHaveLength(1)
  const fromCatalog = { dependencies: { effect: "catalog:", "@synprint/core": "workspace:*" } }
  expect(packageProblems("packages/a/package.json", fromCatalog)).toEqual([])
  expect(packageProblems("packages/a/package.json", { dependencies: { effect: "4.1.0" } })).toHaveLength(1)
})
