/**
 * Lines of p0f.fp that say what signatures stand for: `classes`, `label`, `sys` (readfp.c: config_parse_classes,
 * config_parse_label, config_parse_sys).
 */
import type { Sys } from "./database.ts"
import { ParseError } from "../parse-error.ts"

const LABEL = /^([gs]):([A-Za-z0-9!]+):([A-Za-z0-9 ./\-_!?()]+):(.*)$/
const NAME = /^[A-Za-z0-9 ./\-_!?()]+$/
const CLASS = /^[A-Za-z0-9]+$/

/** Class of userland applications. */
export const USERLAND = -1

export interface LabelFields {
  readonly generic: boolean
  readonly classId: number
  readonly nameId: number
  readonly flavor: string | undefined
}

/** Classes and names of all sections and files; compared without case, displayed as first written. */
export class Names {
  readonly names: Array<string> = []
  readonly #ids = new Map<string, number>()

  /** The id of a name; a new name gets the next one. */
  id(name: string): number {
    const folded = name.toLowerCase()
    const known = this.#ids.get(folded)
    if (known !== undefined) return known
    this.#ids.set(folded, this.names.length)
    return this.names.push(name) - 1
  }

  find(name: string): number | undefined {
    return this.#ids.get(name.toLowerCase())
  }
}

const unknownClass = (name: string, classes: Names, offset: number): ParseError =>
  new ParseError(
    `class '${name}' is unknown (known: ${["!", ...classes.names].join(", ")}): declare it by 'classes =' before the first section`,
    offset
  )

/** `type:class:name:flavor` of a [tcp] or [http] section. */
export function parseLabel(text: string, classes: Names, names: Names): LabelFields | ParseError {
  const parts = LABEL.exec(text)
  if (parts === null) {
    return new ParseError(
      `label: '${text}' is not type:class:name:flavor with type g or s, a class, a name of letters, digits, blanks and ./-_!?(), and a colon before the flavor even if that is empty`,
      0
    )
  }
  const [, type, className, name, flavor] = parts as unknown as [string, string, string, string, string]
  const classId = className === "!" ? USERLAND : classes.find(className)
  if (classId === undefined) return unknownClass(className, classes, 2)
  return { generic: type === "g", classId, nameId: names.id(name), flavor: flavor === "" ? undefined : flavor }
}

/** `win,unix,other`: adds to `classes`. */
export function parseClasses(text: string, classes: Names): ParseError | undefined {
  let offset = 0
  for (const item of text === "" ? [] : text.split(",")) {
    const name = item.replace(/^[ \t]+/, "")
    // p0f skips commas as it skips blanks, so empty items are forgiven, except the last.
    if (name === "" && offset + item.length < text.length) {
      offset += item.length + 1
      continue
    }
    if (!CLASS.test(name)) return new ParseError(`classes: '${item}' is not a name of letters and digits`, offset)
    classes.id(name)
    offset += item.length + 1
  }
  return undefined
}

/** `@class,Name,...`: the systems on which an application may run. */
export function parseSys(text: string, classes: Names, names: Names): ReadonlyArray<Sys> | ParseError {
  const list: Array<Sys> = []
  let offset = 0
  for (const item of text === "" ? [] : text.split(",")) {
    const word = item.replace(/^[ \t]+/, "")
    if (word === "" && offset + item.length < text.length) {
      offset += item.length + 1
      continue
    }
    const isClass = word.startsWith("@")
    const name = isClass ? word.slice(1) : word
    if (!NAME.test(name)) return new ParseError(`sys: '${item}' is neither @class nor a system name`, offset)
    const id = isClass ? classes.find(name) : names.id(name)
    if (id === undefined) return unknownClass(name, classes, offset)
    list.push({ isClass, id })
    offset += item.length + 1
  }
  return list
}
