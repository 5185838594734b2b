/**
 * Errors of this backend for operators: what was attempted, why it failed, and how to grant the right.
 */
import { CaptureError } from "@synprint/service"
import { EACCES, EPERM, errorName } from "./errno.ts"

/** Instructions that grant the rights to load and attach; they can be pasted as they are. */
export const GRANT_ATTACH =
  "grant CAP_BPF and CAP_NET_ADMIN: in the systemd unit AmbientCapabilities=CAP_BPF CAP_NET_ADMIN, in Docker --cap-add BPF " +
  "--cap-add NET_ADMIN with a seccomp profile that allows bpf(2), by hand " +
  "setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+bpf,+net_admin --ambient-caps=-all,+bpf,+net_admin " +
  "--bounding-set=-all,+bpf,+net_admin COMMAND; or let the agent attach and read its pins: [capture.xdp] attach = false"

export function failure(attempted: string, reason: string, hint: string, cause?: unknown): CaptureError {
  return new CaptureError({ backend: "xdp", attempted, reason, hint, kind: "failure", cause })
}

export function refusedConfig(attempted: string, reason: string, hint: string): CaptureError {
  return new CaptureError({ backend: "xdp", attempted, reason, hint, kind: "config" })
}

/** Makes the error for the -errno of a call that loads or attaches. */
export function callFailed(attempted: string, error: number, hint: string, detail = ""): CaptureError {
  const reason = detail === "" ? errorName(error) : `${errorName(error)}: ${detail}`
  return error === -EPERM || error === -EACCES
    ? new CaptureError({ backend: "xdp", attempted, reason, hint: GRANT_ATTACH, kind: "privilege" })
    : failure(attempted, reason, hint)
}
