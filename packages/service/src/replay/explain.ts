/**
 * `explain`: the databases, the explanation and its text.
 */
import * as Effect from "effect/Effect"
import { BUILTIN, ParseError, REQUEST, RESPONSE, explain, printExplanation } from "@synprint/core"
import type { ConfigInvalid } from "../config/problem.ts"
import { loadDatabases } from "../config/databases.ts"
import { UsageError } from "../lifecycle/exit-codes.ts"

export interface ExplainOptions {
  readonly signature: string
  /** Empty: the built-in one. */
  readonly databases: ReadonlyArray<string>
  /** True: a SYN+ACK is explained. */
  readonly response: boolean
  readonly format: "text" | "json"
}

/** The text to print. */
export const explainSignature = Effect.fnUntraced(function* (
  options: ExplainOptions
): Effect.fn.Return<string, UsageError | ConfigInvalid> {
  const databases = options.databases.length === 0 ? [BUILTIN] : options.databases
  const database = yield* loadDatabases({ databases, mode: "modern", tcpEnabled: undefined })
  const explanation = explain(options.signature, database, options.response ? RESPONSE : REQUEST)
  if (explanation instanceof ParseError) {
    const pointer = `\n  ${options.signature}\n  ${" ".repeat(Math.min(explanation.offset, options.signature.length))}^`
    return yield* new UsageError({ message: `this is no signature: ${explanation.message}${pointer}` })
  }
  return options.format === "json" ? JSON.stringify(explanation, undefined, 2) : printExplanation(explanation)
})
