/** Every example file is read by the program that it is for. */
import { describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { FIELDS } from "@synprint/core"
import { schema } from "@synprint/cli/config-schema"
import { ENVIRONMENT, SYNPRINT } from "../lib/agent.ts"
import { copyExample, EXAMPLES, HAPROXY3, versionOf } from "../lib/haproxy.ts"
import { isAtLeast } from "../lib/requires.ts"

const HAPROXY = Bun.which("haproxy", { PATH: `${process.env["PATH"]}:/usr/sbin` })
const TOP = path.resolve(EXAMPLES, "..")
const configs = fs.readdirSync(EXAMPLES).filter((name) => name.endsWith(".cfg"))

function inDirectory<A>(use: (directory: string) => A): A {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "synprint-"))
  try {
    return use(directory)
  } finally {
    fs.rmSync(directory, { recursive: true })
  }
}

const check = (binary: string, config: string) => {
  const { exitCode, stderr, stdout } = Bun.spawnSync([binary, "-c", "-f", config])
  return { exitCode, said: `${stdout}${stderr}` }
}

describe("HAProxy", () => {
  if (HAPROXY === null) console.log("skipped: haproxy -c of the examples needs haproxy")
  if (HAPROXY3.length === 0) console.log("skipped: no -c on HAProxy 3.x, as HAPROXY3 names no binary")
  const installed = HAPROXY === null ? [] : [{ binary: HAPROXY, version: versionOf(HAPROXY)! }]
  for (const { binary, version } of [...installed, ...HAPROXY3])
    for (const config of configs)
      test(`${config} is valid for HAProxy ${version}`, () =>
        inDirectory((directory) => {
          const { exitCode, said } = check(binary, copyExample(config, directory))
          if (config === "haproxy-3.x.cfg" && !isAtLeast(version, "3.1")) {
            // mode spop came with 3.1: an older version refuses that line and nothing else.
            const alerts = said.split("\n").filter((line) => line.includes("parsing ["))
            expect(alerts).toEqual([expect.stringContaining("unknown proxy mode 'spop'")])
            expect(said).not.toContain("fc_saved_syn")
          } else {
            expect(said).not.toContain("ALERT")
            expect(said).not.toContain("WARNING")
            expect(exitCode).toBe(0)
          }
        }))

  test("every configuration removes each name that a preset can set, in every spelling, before it asks", () => {
    const names = FIELDS.flatMap((field) => Object.values(field.headers).flat()).filter((name) => name !== undefined)
    expect(names.length).toBeGreaterThan(30)
    for (const config of configs) {
      const text = fs.readFileSync(`${EXAMPLES}/${config}`, "utf8")
      const rule = /http-request del-header (\S+) -m reg\n/.exec(text)
      // HAProxy compares with the name in lower case.
      const removes = new RegExp(rule![1]!)
      const kept = [...names, "x-tcp-", "x-tls-chello-delay", "x_tls_rtt", "x-p0f-", "x_huginn_net_http"]
        .flatMap((name) => [name, name.replaceAll("-", "_"), name.replaceAll("_", "-")])
        .filter((name) => !removes.test(name.toLowerCase()))
      expect(kept).toEqual([])
      expect(rule!.index).toBeLessThan(text.indexOf("send-spoe-group"))
    }
  })

  test("the configurations with preset x-tcp set the header of each default variable, and of hints", () => {
    const wanted = FIELDS.filter(
      (field) => (field.isDefault || field.name === "hints") && field.headers["x-tcp"].length > 0
    )
    for (const config of ["haproxy.cfg", "haproxy-2.6.cfg", "haproxy-3.x.cfg"]) {
      const text = fs.readFileSync(`${EXAMPLES}/${config}`, "utf8")
      const set = [...text.matchAll(/set-header (\S+)\s+%\[var\(sess\.synprint\.(\w+)\)\]/g)].map(
        (match) => `${match[2]} ${match[1]}`
      )
      expect(set.sort()).toEqual(wanted.map((field) => `${field.name} ${field.headers["x-tcp"]}`).sort())
    }
  })

  test("the configuration with preset x-p0f sets every header of it", () => {
    const text = fs.readFileSync(`${EXAMPLES}/haproxy-x-p0f.cfg`, "utf8")
    const set = [...text.matchAll(/set-header (\S+)\s+%\[var\(sess\.synprint\.(\w+)\)\]/g)].map(
      (match) => `${match[2]} ${match[1]}`
    )
    expect(set.sort()).toEqual(
      FIELDS.filter((field) => field.headers["x-p0f"].length > 0)
        .map((field) => `${field.name} ${field.headers["x-p0f"]}`)
        .sort()
    )
  })
})

describe("systemd", () => {
  const unit = fs.readFileSync(`${TOP}/systemd/synprint-spoa.service`, "utf8")
  const values = (key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map((match) => match[1])

  test("the unit has the least privilege and the restart rules of the exit codes", () => {
    for (const [key, value] of Object.entries({
      AmbientCapabilities: "CAP_NET_RAW",
      CapabilityBoundingSet: "CAP_NET_RAW",
      DynamicUser: "yes",
      NoNewPrivileges: "yes",
      ProtectSystem: "strict",
      ProtectHome: "yes",
      PrivateTmp: "yes",
      LimitNOFILE: "65536",
      Restart: "on-failure",
      RestartPreventExitStatus: "77 78",
      ExecReload: "/bin/kill -HUP $MAINPID"
    }))
      expect([key, ...values(key)]).toEqual([key, value])
    expect(values("ExecStartPre")[0]).toEndWith(" --check")
    expect(values("RestrictAddressFamilies")[0]!.split(" ").sort()).toEqual([
      "AF_INET",
      "AF_INET6",
      "AF_NETLINK",
      "AF_PACKET",
      "AF_UNIX"
    ])
    // bun:ffi compiles code as it runs
    expect(values("MemoryDenyWriteExecute")).toEqual([])
  })

  const analyze = Bun.which("systemd-analyze")
  if (analyze === null) console.log("skipped: systemd-analyze verify needs systemd")
  for (const name of fs.readdirSync(`${TOP}/systemd`))
    test.skipIf(analyze === null)(`systemd-analyze verify has nothing to say of ${name}`, () =>
      inDirectory((directory) => {
        // A socket wants its service beside it; the executable is not installed here.
        for (const other of fs.readdirSync(`${TOP}/systemd`)) {
          const unit = fs.readFileSync(`${TOP}/systemd/${other}`, "utf8")
          fs.writeFileSync(`${directory}/${other}`, unit.replaceAll("/usr/local/bin/synprint", "/bin/true"))
        }
        const { exitCode, stderr } = Bun.spawnSync([analyze!, "verify", "--man=no", `${directory}/${name}`])
        expect({ exitCode, said: stderr.toString() }).toEqual({ exitCode: 0, said: "" })
      })
    )
})

describe("config.toml", () => {
  const text = fs.readFileSync(`${TOP}/config.toml`, "utf8")
  const checkConfig = (toml: string) =>
    inDirectory((directory) => {
      fs.writeFileSync(`${directory}/config.toml`, toml)
      const { exitCode, stderr } = Bun.spawnSync(
        [...SYNPRINT, "spoa", "--check", "--config", `${directory}/config.toml`],
        { env: ENVIRONMENT }
      )
      return { exitCode, said: exitCode === 0 ? "" : stderr.toString() }
    })

  const inForce = text.replaceAll(/^#(?=\[|[a-z])/gm, "")

  test("is valid as it is", () => expect(checkConfig(text)).toEqual({ exitCode: 0, said: "" }))

  test("is valid with every key in force", () => {
    expect(inForce).not.toBe(text)
    expect(checkConfig(inForce)).toEqual({ exitCode: 0, said: "" })
  })

  test("names every setting", () => {
    const document = Bun.TOML.parse(inForce) as Record<string, unknown>
    const has = (path: ReadonlyArray<string>) =>
      path.reduce<unknown>((table, step) => (table as Record<string, unknown> | undefined)?.[step], document) !==
      undefined
    // [headers] may name each field; the file shows how with one.
    const absent = schema.settings.filter(
      ({ path, variable }) => variable !== undefined && !has(path) && path[0] !== "headers"
    )
    expect(absent.map(({ path }) => path.join("."))).toEqual([])
  })

  test("a key that no table has is refused", () => {
    expect(checkConfig(text.replace("[spoa]\n", "[spoa]\nlistne = []\n")).exitCode).toBe(78)
  })
})

describe("Dockerfile", () => {
  const lines = fs
    .readFileSync(`${TOP}/docker/Dockerfile`, "utf8")
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
  const all = (instruction: string) =>
    lines.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1).trim())

  test("puts the executable and libpcap on Debian slim and runs it as nobody with the capability in the file", () => {
    expect(lines[0]).toMatch(/^FROM debian:\w+-slim$/)
    expect(all("RUN").join(" ")).toContain("libpcap0.8")
    expect(all("ARG")).toEqual(["FILE_CAPABILITIES=cap_net_raw+ep"])
    expect(all("RUN").join(" ")).toContain('setcap "$FILE_CAPABILITIES" /usr/local/bin/synprint')
    expect(all("COPY")).toEqual(["dist/synprint /usr/local/bin/synprint"])
    expect(all("USER")).toEqual(["65534:65534"])
    expect(JSON.parse(all("ENTRYPOINT")[0]!)).toEqual(["/usr/local/bin/synprint"])
    expect(JSON.parse(all("CMD")[0]!)).toEqual(["spoa"])
  })
})
