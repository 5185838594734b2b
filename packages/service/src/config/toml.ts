/**
 * TOML text -> value (strict TOML 1.0 by effect/encoding/Toml, the only file that knows it) and the line of every key.
 *
 * The parser gives values without positions, so a second pass over the text finds them. It runs only on text that the parser
 * has accepted and therefore may trust its syntax.
 */
import * as Toml from "effect/encoding/Toml"
import * as Result from "effect/Result"

export interface TomlDocument {
  readonly value: Record<string, unknown>
  /** Dotted path (`routes[1].path`) -> line, from 1. */
  readonly lines: ReadonlyMap<string, number>
}

export interface TomlSyntaxError {
  readonly message: string
  readonly line: number | undefined
}

/** The syntax error names the line; the parser stops at the first. */
export function parseToml(text: string): Result.Result<TomlDocument, TomlSyntaxError> {
  const parsed = Toml.parse(text)
  if (Result.isFailure(parsed)) {
    const found = /^(.*) at line (\d+), (column \d+)$/s.exec(parsed.failure.message)
    return Result.fail(
      found === null
        ? { message: parsed.failure.message, line: undefined }
        : { message: `${found[1]} at ${found[3]}`, line: Number(found[2]) }
    )
  }
  return Result.succeed({ value: parsed.success, lines: findLines(text) })
}

/** Dotted path as messages print it: `a.b[2].c`; a key that is no bare key is quoted. */
export function printPath(path: ReadonlyArray<PropertyKey>): string {
  let text = ""
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`
    else {
      const key = String(step)
      text += `${text === "" ? "" : "."}${/^[A-Za-z0-9_-]+$/.test(key) ? key : JSON.stringify(key)}`
    }
  }
  return text
}

/** The line of the path or of the nearest thing around it. */
export function lineOf(lines: ReadonlyMap<string, number>, path: ReadonlyArray<PropertyKey>): number | undefined {
  for (let length = path.length; length > 0; length--) {
    const line = lines.get(printPath(path.slice(0, length)))
    if (line !== undefined) return line
  }
  return undefined
}

/** TOML's escapes are JSON's and `\\UXXXXXXXX`. */
function parseBasicString(quoted: string): string {
  const text = quoted.replaceAll(/(?<!\\)((?:\\\\)*)\\U([0-9A-Fa-f]{8})/g, (_, before: string, code: string) => {
    return before + JSON.stringify(String.fromCodePoint(Number.parseInt(code, 16))).slice(1, -1)
  })
  return String(JSON.parse(text.replaceAll("\t", "\\t")))
}

function findLines(text: string): Map<string, number> {
  const lines = new Map<string, number>()
  const elements = new Map<string, number>() // arrays of tables: how many so far
  let at = 0
  let line = 1
  let table: ReadonlyArray<PropertyKey> = []

  const skip = (pattern: RegExp): void => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return
    for (const character of found[0]) if (character === "\n") line++
    at += found[0].length
  }
  const skipSpace = (): void => skip(/[ \t]*/y)
  const skipBlank = (): void => skip(/(?:[ \t\r\n]|#[^\n]*)*/y)
  const skipString = (): void => skip(/"""(?:[^\\]|\\[^])*?"{3,5}|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'/y)

  const readKeys = (): Array<string> => {
    const keys: Array<string> = []
    for (;;) {
      skipSpace()
      const start = at
      if (text[at] === '"' || text[at] === "'") {
        skipString()
        const quoted = text.slice(start, at)
        keys.push(quoted[0] === "'" ? quoted.slice(1, -1) : parseBasicString(quoted))
      } else {
        skip(/[A-Za-z0-9_-]+/y)
        keys.push(text.slice(start, at))
      }
      skipSpace()
      if (text[at] !== ".") return keys
      at++
    }
  }
  const note = (path: ReadonlyArray<PropertyKey>): void => {
    const printed = printPath(path)
    if (!lines.has(printed)) lines.set(printed, line)
  }
  const readAssignment = (base: ReadonlyArray<PropertyKey>): void => {
    const keys = readKeys()
    for (let n = 1; n <= keys.length; n++) note([...base, ...keys.slice(0, n)])
    at++ // =
    skipSpace()
    readValue([...base, ...keys])
  }
  const readValue = (path: ReadonlyArray<PropertyKey>): void => {
    if (text[at] === "[") {
      at++
      for (let index = 0; ; index++) {
        skipBlank()
        if (text[at] === "," || text[at] === "]") break
        note([...path, index])
        readValue([...path, index])
        skipBlank()
        if (text[at] !== ",") break
        at++
      }
      at++
    } else if (text[at] === "{") {
      at++
      for (;;) {
        skipSpace()
        if (text[at] === "}") break
        readAssignment(path)
        skipSpace()
        if (text[at] !== ",") break
        at++
      }
      at++
    } else if (text[at] === '"' || text[at] === "'") skipString()
    else skip(/[^,\]}#\r\n]*/y)
  }

  for (;;) {
    const before = at
    skipBlank()
    if (at >= text.length) return lines
    if (text[at] === "[") {
      const isArray = text[at + 1] === "["
      at += isArray ? 2 : 1
      const steps: Array<PropertyKey> = []
      const keys = readKeys()
      for (const [n, key] of keys.entries()) {
        steps.push(key)
        const printed = printPath(steps)
        const count = elements.get(printed) ?? 0
        if (isArray && n === keys.length - 1) {
          note(steps)
          elements.set(printed, count + 1)
          steps.push(count)
        } else if (count > 0) steps.push(count - 1) // [routes.tls] belongs to the last [[routes]]
        note(steps)
      }
      table = steps
      skip(/[^\n]*/y)
    } else readAssignment(table)
    if (at === before) return lines // not the syntax we know: stop rather than loop
  }
}
