/**
 * Exit codes of the process, those of sysexits.h where it has one. systemd: `RestartPreventExitStatus=77 78`.
 */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export const EXIT_OK = 0
export const EXIT_FAILURE = 1
/** EX_USAGE: the command line is wrong. */
export const EXIT_USAGE = 64
/** EX_NOPERM: a right is missing; the message names the grant. */
export const EXIT_PRIVILEGE = 77
/** EX_CONFIG: the configuration can't work; a restart would not help. */
export const EXIT_CONFIG = 78

/** The command line is wrong: exit 64. `message` says which part and what would be right. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {
  override get [Runtime.errorExitCode](): number {
    return EXIT_USAGE
  }
}
