/** The examples of the eBPF backend: what they grant, what they mount, and that every setting in them exists. */
import { describe, expect, test } from "bun:test"
import * as fs from "node:fs"
import * as path from "node:path"
import { schema } from "@synprint/cli/config-schema"
import { ENVIRONMENT, SYNPRINT } from "../lib/agent.ts"

const TOP = path.resolve(import.meta.dir, "../../examples")
const read = (name: string): string => fs.readFileSync(path.join(TOP, name), "utf8")

const NAMES = new Set(schema.settings.map(({ variable }) => variable))

/** `--check` of a program with the variables of an example. */
function checks(program: string, variables: Readonly<Record<string, string>>): void {
  expect(Object.keys(variables).filter((name) => !NAMES.has(name))).toEqual([])
  const { exitCode, stderr } = Bun.spawnSync([...SYNPRINT, program, "--check"], {
    env: { ...ENVIRONMENT, ...variables }
  })
  expect([exitCode, exitCode === 0 ? "" : stderr.toString()]).toEqual([0, ""])
}

describe("systemd", () => {
  const values = (unit: string, key: string) => [...unit.matchAll(new RegExp(`^${key}=(.*)$`, "gm"))].map(([, v]) => v)

  test("the agent has two capabilities, a directory of its own, and passes the group on", () => {
    const unit = read("systemd/synprint-agent.service")
    for (const key of ["AmbientCapabilities", "CapabilityBoundingSet"]) {
      expect(values(unit, key)).toEqual(["CAP_BPF CAP_NET_ADMIN"])
    }
    expect([values(unit, "User"), values(unit, "Group")]).toEqual([["synprint"], ["synprint"]])
    expect(values(unit, "ReadWritePaths")).toEqual(["/sys/fs/bpf"])
    // Would make /sys read-only.
    expect(values(unit, "ProtectKernelTunables")).toEqual([])
    expect(values(unit, "ExecStartPre").join("\n")).toContain("install -d -o synprint -g synprint /sys/fs/bpf/synprint")
    expect(values(unit, "ExecStartPre").at(-1)).toEndWith(" --check")
    expect(values(unit, "RestartPreventExitStatus")).toEqual(["77 78"])
    expect(values(unit, "MemoryDenyWriteExecute")).toEqual([])
  })

  for (const [front, capabilities] of [
    ["spoa", ""],
    ["proxy", "CAP_NET_BIND_SERVICE"]
  ] as const)
    test(`the ${front} that reads the pins has none for it`, () => {
      const unit = read(`systemd/synprint-${front}-pins.service`)
      for (const key of ["AmbientCapabilities", "CapabilityBoundingSet"])
        expect(values(unit, key)).toEqual([capabilities])
      expect(values(unit, "SupplementaryGroups")).toEqual(["synprint"])
      expect(values(unit, "After")).toContain("synprint-agent.service")
      const variables = values(unit, "Environment")[0]!.split(" ")
      checks(front, Object.fromEntries(variables.map((pair) => pair.split("=")) as never))
    })
})

interface Service {
  readonly image: string
  readonly command: ReadonlyArray<string>
  readonly environment: Readonly<Record<string, string>>
  readonly cap_drop: ReadonlyArray<string>
  readonly cap_add?: ReadonlyArray<string>
  readonly security_opt: ReadonlyArray<string>
  readonly volumes: ReadonlyArray<string>
  readonly ulimits?: { readonly memlock: { readonly soft: number; readonly hard: number } }
}

describe("Compose", () => {
  const { agent, spoa } = (Bun.YAML.parse(read("docker/compose-xdp.yaml")) as { services: Record<string, Service> })
    .services as { readonly agent: Service; readonly spoa: Service }

  test("the agent attaches, the front end reads without capability through a read-only mount", () => {
    expect([agent.cap_drop, agent.cap_add]).toEqual([["ALL"], ["BPF", "NET_ADMIN"]])
    expect([spoa.cap_drop, spoa.cap_add]).toEqual([["ALL"], undefined])
    expect([agent.volumes, spoa.volumes]).toEqual([["/sys/fs/bpf:/sys/fs/bpf"], ["/sys/fs/bpf:/sys/fs/bpf:ro"]])
    for (const service of [agent, spoa]) {
      expect(service.image).toBe("synprint:plain")
      const profile = service.security_opt.find((option) => option.startsWith("seccomp:"))!.slice(8)
      expect(fs.existsSync(path.resolve(TOP, "docker", profile))).toBe(true)
      checks(service.command[0]!, {
        ...service.environment,
        ...("SYNPRINT_CAPTURE_INTERFACE" in service.environment ? { SYNPRINT_CAPTURE_INTERFACE: "eth0" } : {})
      })
    }
  })

  test("before Linux 5.11: no limit of locked memory, and CAP_BPF for the reader", () => {
    const more = Bun.YAML.parse(read("docker/compose-xdp-memlock.yaml")) as {
      services: Record<string, Partial<Service>>
    }
    expect(more.services["agent"]!.ulimits).toEqual({ memlock: { soft: -1, hard: -1 } })
    expect(more.services["spoa"]!.cap_add).toEqual(["BPF"])
  })

  test("the image of the Dockerfile has libbpf", () => {
    expect(read("docker/Dockerfile")).toContain("libbpf1")
    expect(read("docker/Dockerfile")).toContain("-t synprint:plain")
  })
})

interface Container {
  readonly image: string
  readonly args: ReadonlyArray<string>
  readonly env: ReadonlyArray<{ readonly name: string; readonly value: string }>
  readonly securityContext: {
    readonly capabilities: { readonly drop: ReadonlyArray<string>; readonly add?: ReadonlyArray<string> }
    readonly allowPrivilegeEscalation: boolean
    readonly seccompProfile: { readonly type: string; readonly localhostProfile: string }
  }
  readonly volumeMounts: ReadonlyArray<{ readonly mountPath: string; readonly readOnly?: boolean }>
}

describe("Kubernetes", () => {
  const container = (name: string): Container => {
    const object = Bun.YAML.parse(read(name)) as {
      readonly kind: string
      readonly spec: {
        readonly template: { readonly spec: { readonly hostNetwork: boolean; readonly containers: [Container] } }
      }
    }
    expect([object.kind, object.spec.template.spec.hostNetwork]).toEqual(["DaemonSet", true])
    return object.spec.template.spec.containers[0]
  }

  for (const [file, add, readOnly] of [
    ["kubernetes/agent.yaml", ["BPF", "NET_ADMIN"], undefined],
    ["kubernetes/front-end.yaml", undefined, true]
  ] as const) {
    test(file, () => {
      const { image, args, env, securityContext, volumeMounts } = container(file)
      expect(image).toBe("synprint:plain")
      expect(securityContext.capabilities).toEqual({ drop: ["ALL"], ...(add === undefined ? {} : { add: [...add] }) })
      expect(securityContext.allowPrivilegeEscalation).toBe(false)
      expect(securityContext.seccompProfile).toEqual({ type: "Localhost", localhostProfile: "synprint.json" })
      expect(volumeMounts.map(({ mountPath, readOnly: only }) => [mountPath, only])).toEqual([
        ["/sys/fs/bpf", readOnly]
      ])
      checks(args[0]!, Object.fromEntries(env.map(({ name, value }) => [name, value])))
    })
  }
})

test("the seccomp profile allows bpf(2) and refuses what a container has no business with", () => {
  const profile = JSON.parse(read("seccomp.json")) as {
    readonly defaultAction: string
    readonly syscalls: ReadonlyArray<{ readonly names: ReadonlyArray<string>; readonly action: string }>
  }
  const refused = new Set(profile.syscalls.flatMap(({ names, action }) => (action === "SCMP_ACT_ERRNO" ? names : [])))
  expect(profile.defaultAction).toBe("SCMP_ACT_ALLOW")
  expect(refused.has("bpf")).toBe(false)
  for (const name of ["mount", "ptrace", "kexec_load", "init_module", "setns", "perf_event_open", "keyctl"]) {
    expect([name, refused.has(name)]).toEqual([name, true])
  }
})
