/** Help, version, usage errors, `--check`, and the commands that are not built yet. */
import { describe, expect, test } from "bun:test"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { synprint, temporaryDirectory } from "./run.ts"

const COMMANDS = ["spoa", "proxy", "agent", "read", "query", "explain", "doctor", "demo"]

describe("help", () => {
  test.each(COMMANDS)("%s --help has an example", async (command) => {
    const { code, out } = await synprint([command, "--help"])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`EXAMPLES[^]*(synprint|bun run) ${command}`))
  })
  test("without a command: every command, exit 64", async () => {
    const { code, out } = await synprint([])
    expect(code).toBe(64)
    for (const command of COMMANDS) expect(out).toContain(`  ${command} `)
  })
  test("--version", async () => {
    expect(await synprint(["--version"])).toMatchObject({ code: 0, out: "synprint v0.1.0\n" })
  })
})

describe("usage errors are exit 64 and say what is wrong", () => {
  const cases: ReadonlyArray<readonly [ReadonlyArray<string>, RegExp]> = [
    [["nope"], /Unknown subcommand "nope"/],
    [["spoa", "--confg", "x"], /--confg/],
    [["spoa", "surplus"], /surplus/],
    [["read"], /Missing required argument: FILE/],
    [["read", "x.pcap", "--format", "xml"], /--format/],
    [["read", "x.pcap", "--limits", "12"], /expected FLOWS,HOSTS/],
    [["read", "x.pcap", "--ages", "0,1"], /expected SECONDS,MINUTES/],
    [["query"], /Missing required argument: ADDRESS/],
    [["explain", "4:64"], /this is no signature/]
  ]
  test.each(cases)("%p", async (words, says) => {
    const { code, err } = await synprint(words)
    expect(err).toMatch(says)
    expect(code).toBe(64)
  })
})

describe("--check", () => {
  test("defaults are fine for every service", async () => {
    for (const program of ["spoa", "proxy", "agent"]) {
      expect(await synprint([program, "--check"])).toEqual({ code: 0, out: "defaults: ok\n", err: "" })
    }
  })

  test("configuration, database and environment: all problems at once, exit 78, nothing on stdout", async () => {
    using directory = temporaryDirectory()
    const at = (name: string): string => join(directory.path, name)
    writeFileSync(at("bad.fp"), "[tcp:request]\nlabel = s:unix:Linux:x\nsig = 4:64\n")
    writeFileSync(
      at("c.toml"),
      '[capture]\nmax_age = "soon"\n[fingerprint]\ndatabases = ["builtin", "bad.fp", "none.fp"]\n[histroy]\n'
    )
    const { code, out, err } = await synprint(["spoa", "--check", "--config", "c.toml"], {
      cwd: directory.path,
      environment: { SYNPRINT_SPOA_LISTN: "x" }
    })
    expect([code, out]).toEqual([78, ""])
    expect(err).toMatch(/^synprint spoa: configuration: \d+ problems\n/)
    expect(err).toContain(
      '  c.toml:2: capture.max_age: expected a duration such as "60 seconds" or "30 minutes", got "soon"\n'
    )
    expect(err).toContain("  c.toml:5: histroy: unknown table: did you mean history?\n")
    expect(err).toContain("  SYNPRINT_SPOA_LISTN: no setting has this name: did you mean SYNPRINT_SPOA_LISTEN?\n")
    expect(err).toMatch(/ {2}bad\.fp:3: .*signature/)
    expect(err).toMatch(/ {2}none\.fp: cannot read the database: ENOENT/)
  })

  test("SYNPRINT_CONFIG names the file, --config weighs more; flags weigh more than the file", async () => {
    using directory = temporaryDirectory()
    writeFileSync(join(directory.path, "bad.toml"), "nope = 1\n")
    writeFileSync(join(directory.path, "good.toml"), '[spoa]\nlisten = "nowhere"\n')
    const run = (words: ReadonlyArray<string>) =>
      synprint(["spoa", "--check", ...words], { cwd: directory.path, environment: { SYNPRINT_CONFIG: "bad.toml" } })
    expect((await run([])).err).toContain("bad.toml:1: nope: unknown key")
    expect((await run(["--config", "good.toml"])).err).toContain("good.toml:2: spoa.listen: expected")
    expect(await run(["--config", "good.toml", "--listen", "127.0.0.1:9"])).toMatchObject({
      code: 0,
      out: "good.toml: ok\n"
    })
    expect((await run(["--config", "good.toml", "--listen", "127.0.0.1:9", "--listen", "x"])).err).toContain(
      "--listen: spoa.listen[1]: expected"
    )
    expect((await run(["--config", "none.toml"])).err).toContain("none.toml: cannot read the file: ENOENT")
  })

  test("the proxy's certificates are read: missing, no PEM, the wrong key", async () => {
    using directory = temporaryDirectory()
    const make = (name: string) =>
      Bun.spawnSync(
        [
          "openssl",
          "req",
          "-x509",
          "-newkey",
          "ec",
          "-pkeyopt",
          "ec_paramgen_curve:P-256",
          "-nodes",
          "-subj",
          "/CN=x",
          "-days",
          "2",
          "-keyout",
          `${name}.key`,
          "-out",
          `${name}.pem`
        ],
        { cwd: directory.path }
      )
    make("a")
    make("b")
    writeFileSync(join(directory.path, "no.pem"), "hello\n")
    const pair = (certificate: string, key: string): string =>
      `[[proxy.tls.certificates]]\ncertificate = "${certificate}"\nkey = "${key}"\n`
    const check = async (pairs: string) => {
      writeFileSync(
        join(directory.path, "p.toml"),
        `[proxy.tls]\nlisten = "127.0.0.1:8443"\n${pairs}[[routes]]\nupstream = "http://127.0.0.1:1"\n`
      )
      return synprint(["proxy", "--check", "--config", "p.toml"], { cwd: directory.path })
    }
    expect(await check(pair("a.pem", "a.key"))).toMatchObject({ code: 0, out: "p.toml: ok\n" })
    const { code, err } = await check(pair("a.pem", "b.key") + pair("no.pem", "none.key"))
    expect(code).toBe(78)
    expect(err).toContain("b.key: proxy.tls.certificates[0].key: is not the key of a.pem\n")
    expect(err).toMatch(/no\.pem: proxy\.tls\.certificates\[1\]\.certificate: not a PEM file that can be used/)
    expect(err).toContain("none.key: proxy.tls.certificates[1].key: cannot read the file: ENOENT")
  })
})

test("a bad configuration is refused before anything starts", async () => {
  expect(await synprint(["proxy", "--listen", "x"])).toMatchObject({ code: 78 })
})

test("explain: fields, the match, JSON; a database that is not there is exit 78", async () => {
  const signature = "4:64:0:*:mss*44,7:mss,sok,ts,nop,ws:df,id+:0"
  const { code, out } = await synprint(["explain", signature])
  expect(code).toBe(0)
  expect(out).toContain("Linux 4.20 or newer")
  expect(JSON.parse((await synprint(["explain", signature, "--format", "json"])).out).match.line.title).toBe(
    "Linux 4.20 or newer"
  )
  expect(await synprint(["explain", signature, "-f", "none.fp"])).toMatchObject({ code: 78 })
})

test("query: no socket is exit 1 with the next step", async () => {
  const { code, err } = await synprint(["query", "192.0.2.1", "--socket", "none.sock"])
  expect(code).toBe(1)
  expect(err).toContain("none.sock")
  expect((await synprint(["query", "not-an-address", "--socket", "none.sock"])).code).toBe(64)
})

test("doctor: a line per check with the next step; exit 1 when something fails", async () => {
  using directory = temporaryDirectory()
  writeFileSync(
    join(directory.path, "c.toml"),
    '[capture]\nbackend = "pcap"\ninterface = "nosuch0"\n[spoa]\nlisten = "unix:none.sock"\n[admin]\nlisten = []\n'
  )
  const { code, out } = await synprint(["doctor", "--config", "c.toml"], { cwd: directory.path })
  expect(out).toMatch(/^ok {4}configuration +c\.toml$/m)
  expect(out).toMatch(/^fail {2}interface nosuch0 +there is none of this name\n +-> ip link/m)
  expect(out).toMatch(/^warn {2}spoa\.listen unix:none\.sock +nothing answers: ENOENT\n +-> start the service/m)
  expect(code).toBe(1)
  const json = await synprint(["doctor", "--config", "none.toml", "--format", "json"], { cwd: directory.path })
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)[0]).toEqual({
    name: "configuration",
    result: "fail",
    detail: expect.stringContaining("ENOENT"),
    next: "name the file with --config"
  })
})
