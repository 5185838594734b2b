/**
 * The reason why a pinned map can't be opened: no agent, file mode, seccomp, a kernel that requires a capability, or another layout.
 */
import { accessSync, constants } from "node:fs"
import { isSeccompFiltered } from "@synprint/linux"
import { CaptureError } from "@synprint/service"
import { EACCES, ENOENT, ENOSYS, EPERM, errorName } from "../errno.ts"
import { failure } from "../failure.ts"
import { pinDirectory, pinnedLayouts } from "./pins.ts"
import { LAYOUT_VERSION } from "../map/record.ts"

export function pinFailure(pin: string, path: string, error: number, kernel: ReadonlyArray<number>): CaptureError {
  const attempted = `open ${path}`
  const privilege = (reason: string, hint: string): CaptureError =>
    new CaptureError({ backend: "xdp", attempted, reason, hint, kind: "privilege" })
  switch (-error) {
    case ENOENT: {
      const layouts = pinnedLayouts(pin)
      return layouts.length === 0
        ? failure(
            attempted,
            "no pins are there",
            "start synprint agent, and give a container the bpf file system read-only; or attach here: [capture.xdp] attach = true"
          )
        : failure(
            attempted,
            `the agent writes layout ${layouts.join(", ")}, this program reads ${LAYOUT_VERSION}`,
            "run the same version of synprint on both sides"
          )
    }
    case EACCES: {
      const closed = closedDirectory(path)
      if (closed !== undefined) {
        return privilege(
          `EACCES, this user may not enter ${closed}`,
          `chmod 0711 ${closed} (systemd mounts /sys/fs/bpf with 0700), or mount a bpf file system elsewhere and name it in [capture.xdp] pin`
        )
      }
      return privilege(
        "EACCES, the file mode of the pin does not let this user read it",
        `put this user in the group that owns ${pinDirectory(pin)} ([capture.xdp] pin_group of the agent), or widen its pin_mode`
      )
    }
    case EPERM:
    case ENOSYS: {
      // If bpf(2) is forbidden, nothing is known about the pins.
      const unreadable = readError(path)
      if (unreadable !== 0) return pinFailure(pin, path, -unreadable, kernel)
      if (isSeccompFiltered() && (error === -ENOSYS || hasFreeReaders(kernel))) {
        return privilege(
          `${errorName(error)}: a seccomp filter blocks bpf(2)`,
          "allow it for this container: --security-opt seccomp=examples/seccomp.json, in Kubernetes seccompProfile type Localhost"
        )
      }
      if (!hasFreeReaders(kernel)) {
        return privilege(
          `EPERM: Linux ${kernel.join(".")} lets only CAP_BPF read maps (5.19 lets everybody who may read the file)`,
          "grant CAP_BPF to this program: AmbientCapabilities=CAP_BPF, in Docker --cap-add BPF"
        )
      }
      return privilege(errorName(error), "a security module may forbid bpf(2): see the audit log, and doctor")
    }
    default:
      return failure(attempted, errorName(error), "see doctor")
  }
}

/** Since Linux 5.19, bpf(2) on open objects needs no capability. */
export function hasFreeReaders([major = 0, minor = 0]: ReadonlyArray<number>): boolean {
  return major > 5 || (major === 5 && minor >= 19)
}

/** The topmost directory above `path` that can't be searched. */
function closedDirectory(path: string): string | undefined {
  const steps = path.split("/").slice(1, -1)
  for (let n = 1; n <= steps.length; n++) {
    const directory = `/${steps.slice(0, n).join("/")}`
    try {
      accessSync(directory, constants.X_OK)
    } catch (cause) {
      return (cause as NodeJS.ErrnoException).code === "EACCES" ? directory : undefined
    }
  }
  return undefined
}

/** Returns 0, ENOENT or EACCES. */
function readError(path: string): number {
  try {
    accessSync(path, constants.R_OK)
    return 0
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === "ENOENT" ? ENOENT : EACCES
  }
}
