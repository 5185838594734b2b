/**
 * Attributes of a database line: `;@ name=value; name=value`, a comment to p0f, for the label or sig line that follows.
 *
 * The engine reads `clock=yes`, this stack has a single TCP timestamp clock per host, and `family=linux android`, the stack families
 * that the line can stand for (stack-family.ts); in [mtu] also what link-facts.ts says. All others are for tools (evidence, source,
 * confidence). A value is free text without `;`.
 */
import { ParseError } from "../parse-error.ts"

const ATTRIBUTE = /^\s*([A-Za-z][A-Za-z0-9_-]*)\s*=\s*(.*?)\s*$/

/** Reads what follows `;@`. */
export function parseAttributes(text: string): ReadonlyMap<string, string> | ParseError {
  const attributes = new Map<string, string>()
  let offset = 0
  for (const item of text.split(";")) {
    const parts = ATTRIBUTE.exec(item)
    if (parts !== null) attributes.set(parts[1]!, parts[2]!)
    else if (item.trim() !== "") {
      return new ParseError(`';@' must be followed by name=value; name=value, not '${item.trim()}'`, offset)
    }
    offset += item.length + 1
  }
  return attributes
}
