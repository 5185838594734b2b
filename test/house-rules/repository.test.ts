import { expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { houseRules, machinePathProblems, packageProblems } from "../house-rules.ts"

/** A path that the repository itself must not hold. */
const absolute = (...parts: ReadonlyArray<string>): string => ["", ...parts].join("/")

test("a path of one machine is found, a path of every machine is not", () => {
  const bad = [absolute("work", "a"), `\`${absolute("home", "me", "a.ts")}\``, `"${absolute("root", "x")}"`]
  const paths = [...bad, "/etc/p0f/p0f.fp", "packages/work/a.ts"]
  expect(machinePathProblems("a.md", paths.join("\n"))).toEqual(
    bad.map((path, n) => `a.md:${n + 1}: a path of one machine: ${path}`)
  )
})

test("versions are exact, and those of packages come from the catalog", () => {
  const exact = { devDependencies: { a: "1.2.3" }, workspaces: { catalog: { b: "4.5.6" } } }
  expect(packageProblems("package.json", exact)).toEqual([])
  expect(packageProblems("package.json", { devDependencies: { a: "^1.2.3" } })).toHaveLength(1)
  const fromCatalog = { dependencies: { effect: "catalog:", "@synprint/core": "workspace:*" } }
  expect(packageProblems("packages/a/package.json", fromCatalog)).toEqual([])
  expect(packageProblems("packages/a/package.json", { dependencies: { effect: "4.1.0" } })).toHaveLength(1)
})

test("every rule is applied to the files of a repository", () => {
  const root = mkdtempSync(join(tmpdir(), "synprint-rules-"))
  try {
    const put = (name: string, text: string): void => {
      mkdirSync(dirname(join(root, name)), { recursive: true })
      writeFileSync(join(root, name), text)
    }
    put("package.json", JSON.stringify({ scripts: { demo: "x" }, devDependencies: { c: "latest" } }))
    put("packages/x/package.json", JSON.stringify({ dependencies: { a: "catalog:", d: "1.0.0" } }))
    put("packages/x/src/comment.ts", "/** Of the address. */\nconst a = 1")
    put("packages/x/src/read-lane.ts", "const told = 'an octet'")
    put("packages/x/src/path.ts", `/** Path. */\nconst a = '${absolute("root", "x")}'`)
    put("fixtures/a.pcap", "x")
    put("ARCHITECTURE.md", "Of four octets.\n")
    put("docs/glossary.md", "Byte, no longer octet.\n")
    put("README.md", "Run `./bootstrap demo`, then `bun run nothing`.\n")
    put("docs/how-to/a.md", "Edit `packages/x/src/path.ts` and `packages/x/src/gone.ts`.\n")
    put("node_modules/y/package.json", JSON.stringify({ dependencies: { z: "*" } }))
    expect(houseRules(root).toSorted()).toEqual([
      'ARCHITECTURE.md:1: "octets": use byte',
      'README.md: there is no command "nothing"',
      "docs/how-to/a.md:1: there is no file packages/x/src/gone.ts",
      "fixtures/a.pcap: captures stay outside of the repository",
      'package.json: c is "latest": pin an exact version',
      'packages/x/package.json: d is "1.0.0": use catalog: or workspace:*',
      'packages/x/src/comment.ts:1: a comment begins with "Of": begin with the noun or verb that it is about: Of the address.',
      `packages/x/src/path.ts:2: a path of one machine: const a = '${absolute("root", "x")}'`,
      "packages/x/src/read-lane.ts: an old word in the path: use EpollReader, reader",
      'packages/x/src/read-lane.ts:1: "octet": use byte',
      "packages/x/src/read-lane.ts:1: the name told: use reported, advertised, sent"
    ])
  } finally {
    rmSync(root, { recursive: true })
  }
})
