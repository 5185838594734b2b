/**
 * A command that has said what there was to say and ends with a code of its own.
 */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export class ExitWith extends Data.TaggedError("ExitWith")<{ readonly code: number }> {
  override get message(): string {
    return ""
  }
  override get [Runtime.errorExitCode](): number {
    return this.code
  }
}
