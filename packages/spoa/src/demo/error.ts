/** Why the demo cannot show anything. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

export class DemoError extends Data.TaggedError("DemoError")<{
  readonly attempted: string
  readonly reason: string
  /** The next step. */
  readonly hint: string
  readonly privilege?: boolean
  readonly cause?: unknown
}> {
  override get message(): string {
    return `demo: cannot ${this.attempted}: ${this.reason.trim()} (${this.hint})`
  }
  override get [Runtime.errorExitCode](): number {
    return this.privilege === true ? 77 : 1
  }
}
