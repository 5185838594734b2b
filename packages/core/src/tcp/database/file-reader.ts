/**
 * Reads one p0f.fp file (readfp.c: read_config, config_parse_line).
 *
 *  classes = win,unix,other                  before the first section
 *  [mtu]                                     label = NAME, sig = MTU
 *  [tcp:request] [tcp:response]              label = type:class:name:flavor, sys = ... for class !, sig = TCP signature
 *  [http:request] [http:response]            the same with HTTP signatures; ua_os = ... before the first label
 *  ;@ name=value; name=value                 ours, a comment to p0f: attributes of the label or sig that follows
 *  sig with ts~ among its options            ours: a line for each thing that middleboxes make of timestamps (timestamp-rewrites.ts)
 *
 * Differs from p0f: CRLF, a byte order mark and blanks at the end of a line are read over, and all problems are reported, not the
 * first alone. A line that an earlier one covers is an error in p0f mode and a warning in modern mode. Blanks at the end of a
 * label's flavor and of expsw count, as in p0f, except that modern mode drops them from labels.
 *
 * Longer than most files here: one state machine, whose lines share their state.
 */
import { MAX_TCP_OPT } from "../../packet/packet.ts"
import { parseAttributes } from "./attributes.ts"
import { coveringHttpSignature, coveringSignature } from "./coverage.ts"
import type { DatabaseContents } from "./contents.ts"
import type { HttpSignature, Label, Registered, Sys, TcpSignature } from "./database.ts"
import { parseHttpSignature, parseUaOs } from "./http-signature.ts"
import { parseClasses, parseLabel, parseSys, USERLAND } from "./label.ts"
import { parseLinkFacts } from "./link-facts.ts"
import { parseSignature } from "../signature/parser.ts"
import { type Signature } from "../signature/signature.ts"
import { ParseError } from "../parse-error.ts"
import { type Mode } from "../mode.ts"
import { familiesOfLabel, parseFamilies } from "./stack-family.ts"
import { timestampRewrites } from "../signature/timestamp-rewrites.ts"

type Section = "mtu" | "tcp:request" | "tcp:response" | "http:request" | "http:response"

const SECTIONS: ReadonlyArray<string> = ["mtu", "tcp:request", "tcp:response", "http:request", "http:response"]
const isSection = (name: string): name is Section => SECTIONS.includes(name)

/** Kind of line that may come next: p0f's CF_NEED_*. After a bad section header, nothing is judged until the next header. */
type State = "section" | "label" | "sys" | "sig" | "lost"

interface CurrentLabel {
  /** undefined: the label line was bad; its signatures are checked and dropped. */
  readonly label: Label | undefined
  readonly title: string
  readonly attributes: ReadonlyMap<string, string>
}

const STATEMENT = /^([A-Za-z_]+)[ \t]*=[ \t]*/
/** A timestamp option as middleboxes leave it: ours, not p0f's. */
const REWRITTEN = "ts~"
const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map()
const NO_LABEL: CurrentLabel = { label: undefined, title: "", attributes: NO_ATTRIBUTES }

export class DatabaseFileReader {
  readonly #into: DatabaseContents
  readonly #file: string
  readonly #fileIndex: number
  readonly #mode: Mode
  #line = 0
  /** Column of the statement and of its value, 1 = first of the line. */
  #start = 1
  #column = 1
  #state: State = "section"
  #section: Section = "mtu"
  #label = NO_LABEL
  #sys: ReadonlyArray<Sys> = []
  #attributes: ReadonlyMap<string, string> = NO_ATTRIBUTES
  /** Lines of this file by section and layout, for the coverage check. */
  readonly #byLayout = new Map<string, Array<TcpSignature>>()
  readonly #http = { request: [] as Array<HttpSignature>, response: [] as Array<HttpSignature> }

  constructor(into: DatabaseContents, file: string, fileIndex: number, mode: Mode) {
    this.#into = into
    this.#file = file
    this.#fileIndex = fileIndex
    this.#mode = mode
  }

  read(text: string): void {
    const lines = (text.startsWith("\ufeff") ? text.slice(1) : text).split("\n")
    for (const raw of lines) {
      this.#line++
      const bare = raw.endsWith("\r") ? raw.slice(0, -1) : raw
      const line = bare.replace(/^[ \t]+/, "")
      this.#start = bare.length - line.length + 1
      this.#column = this.#start
      if (line.startsWith(";@")) this.#readAttributes(line)
      else if (line !== "" && !line.startsWith(";")) this.#readLine(line)
    }
  }

  #problem(message: string, offset = 0): void {
    this.#into.problems.push({ file: this.#file, line: this.#line, column: this.#column + offset, message })
  }

  /** A problem with the statement and not with its value. */
  #misplaced(message: string): void {
    this.#into.problems.push({ file: this.#file, line: this.#line, column: this.#start, message })
  }

  #readAttributes(line: string): void {
    const attributes = parseAttributes(line.slice(2))
    if (attributes instanceof ParseError) {
      // A comment to p0f: there it can say anything.
      if (this.#mode === "modern") this.#problem(attributes.message, 2 + attributes.offset)
      return
    }
    const family = attributes.get("family")
    const families = family === undefined ? 0 : parseFamilies(family)
    if (families instanceof ParseError && this.#mode === "modern") {
      this.#problem(families.message, line.indexOf("family"))
      return
    }
    this.#attributes = this.#attributes.size === 0 ? attributes : new Map([...this.#attributes, ...attributes])
  }

  #readLine(line: string): void {
    if (line.includes("\0")) return this.#problem("the line holds a NUL byte: this is no p0f.fp text")
    if (line.startsWith("[")) return this.#readSection(line.replace(/[ \t]+$/, ""))
    if (this.#state === "lost") return
    const statement = STATEMENT.exec(line)
    if (statement === null) {
      return this.#problem(
        `'${line.slice(0, 40)}' is no statement: write [section], name = value, or ; before a comment`
      )
    }
    const value = line.slice(statement[0].length)
    const attributes = this.#attributes
    this.#attributes = NO_ATTRIBUTES
    this.#column += statement[0].length
    // Only labels and expsw keep what p0f keeps; elsewhere p0f aborts at a blank before the end of the line.
    const trimmed = value.replace(/[ \t]+$/, "")
    switch (statement[1]) {
      case "classes":
        return this.#readClasses(trimmed)
      case "label":
        return this.#readLabel(this.#mode === "p0f" ? value : trimmed, attributes)
      case "sys":
        return this.#readSys(trimmed)
      case "sig":
        return this.#readSig(value, trimmed, attributes)
      case "ua_os":
        return this.#readUaOs(trimmed)
      default:
        return this.#misplaced(`'${statement[1]}' is no field: use classes, label, sys, sig or ua_os`)
    }
  }

  #readSection(line: string): void {
    const name = line.endsWith("]") ? line.slice(1, -1) : ""
    if (isSection(name)) {
      this.#section = name
      this.#state = "label"
    } else {
      this.#problem(`'${line}' is no section: use ${SECTIONS.map((section) => `[${section}]`).join(" ")}`)
      this.#state = "lost"
    }
  }

  #readClasses(value: string): void {
    if (this.#state !== "section") {
      return this.#misplaced("'classes' is misplaced: it must come before the first section")
    }
    const problem = parseClasses(value, this.#into.classes)
    if (problem !== undefined) this.#problem(problem.message, problem.offset)
  }

  #readUaOs(value: string): void {
    if (this.#section !== "http:request" || this.#state !== "label") {
      return this.#misplaced("'ua_os' is misplaced: it must follow [http:request] directly, before its first label")
    }
    const { names } = this.#into
    const list = parseUaOs(
      value,
      (name) => names.id(name),
      (id) => names.names[id]!
    )
    if (list instanceof ParseError) this.#problem(list.message, list.offset)
    else this.#into.uaOs.push(...list)
  }

  #readLabel(value: string, attributes: ReadonlyMap<string, string>): void {
    if (this.#state === "section")
      return this.#misplaced("'label' is misplaced: a section such as [tcp:request] must come first")
    if (this.#state === "sys")
      this.#misplaced("'sys' is missing: a label of class ! needs 'sys = @class,Name' before this label")
    this.#state = "sig"
    this.#label = NO_LABEL
    if (this.#section === "mtu") {
      if (value === "") return this.#problem("label: the name of the link is missing")
      const label: Label = { id: -1, generic: false, classId: 0, nameId: -1, flavor: value }
      this.#label = { label, title: value, attributes }
      return
    }
    const { classes, names } = this.#into
    const fields = parseLabel(value, classes, names)
    if (fields instanceof ParseError) return this.#problem(fields.message, fields.offset)
    if (fields.classId === USERLAND) this.#state = "sys"
    const name = names.names[fields.nameId]!
    const title = fields.flavor === undefined ? name : `${name} ${fields.flavor}`
    this.#label = { label: { id: this.#into.labels++, ...fields }, title, attributes }
  }

  #readSys(value: string): void {
    const afterBadLabel = this.#state === "sig" && this.#label.label === undefined
    if (this.#state !== "sys" && !afterBadLabel) {
      return this.#misplaced("'sys' is misplaced: it must follow a label of class ! directly, once")
    }
    this.#state = "sig"
    const sys = parseSys(value, this.#into.classes, this.#into.names)
    if (sys instanceof ParseError) this.#problem(sys.message, sys.offset)
    else this.#sys = sys
  }

  #readSig(value: string, trimmed: string, attributes: ReadonlyMap<string, string>): void {
    if (this.#state === "sys") {
      this.#misplaced("'sys' is missing: a label of class ! needs 'sys = @class,Name' before its first sig")
      this.#state = "sig"
    }
    if (this.#state !== "sig") return this.#misplaced("'sig' is misplaced: a section and a label must come first")
    const own = this.#label.attributes.size === 0 ? attributes : new Map([...this.#label.attributes, ...attributes])
    if (this.#section === "mtu") return this.#readMtu(trimmed, own)
    if (this.#section === "tcp:request" || this.#section === "tcp:response") return this.#readTcp(trimmed, own)
    return this.#readHttp(value, own)
  }

  #readMtu(value: string, attributes: ReadonlyMap<string, string>): void {
    const mtu = Number(value)
    if (!/^[0-9]+$/.test(value) || mtu < 1 || mtu > 65535) {
      return this.#problem(`sig: '${value}' is not an MTU from 1 to 65535`)
    }
    if (this.#label.label === undefined) return
    const { title: name } = this.#label
    const facts = this.#mode === "modern" ? parseLinkFacts(attributes) : undefined
    if (facts instanceof ParseError) return this.#problem(facts.message)
    const { linkLines } = this.#into
    linkLines.push({ mtu, name, file: this.#file, fileIndex: this.#fileIndex, line: this.#line, attributes, facts })
  }

  #readTcp(value: string, attributes: ReadonlyMap<string, string>): void {
    const rewritten = value.indexOf(REWRITTEN)
    if (rewritten >= 0 && this.#mode === "modern") return this.#readRewrites(value, rewritten, attributes)
    const signature = parseSignature(value, this.#mode)
    if (signature instanceof ParseError) return this.#problem(signature.message, signature.offset)
    this.#addTcp(signature, attributes)
  }

  /** `ts~`: a line for each layout that a middlebox makes of the timestamps, with the attribute `middlebox=timestamps`. */
  #readRewrites(value: string, at: number, attributes: ReadonlyMap<string, string>): void {
    const signature = parseSignature(value.replace(REWRITTEN, "ts"), this.#mode)
    if (signature instanceof ParseError) {
      return this.#problem(signature.message, signature.offset + (signature.offset > at ? 1 : 0))
    }
    const options = value.slice(0, at).split(":").at(-1)!.split(",").length
    const own = new Map([...attributes, ["middlebox", "timestamps"]])
    for (const layout of timestampRewrites(signature.layout, options - 1)) {
      if (layout.length > MAX_TCP_OPT) {
        return this.#problem(`olayout: ts~ makes more than ${MAX_TCP_OPT} options: remove some`, at)
      }
      this.#addTcp({ ...signature, layout }, own)
    }
  }

  #addTcp(signature: Signature, attributes: ReadonlyMap<string, string>): void {
    const { label } = this.#label
    if (label === undefined) return
    const layout = `${this.#section} ${signature.layout.join(".")}`
    const earlier = this.#byLayout.get(layout) ?? []
    this.#byLayout.set(layout, earlier)
    if (!this.#isNew(coveringSignature(earlier, signature, label.generic, this.#mode)?.line)) return
    const section = this.#section === "tcp:request" ? this.#into.requests : this.#into.responses
    const line: TcpSignature = {
      ...this.#registered(section.length, label, attributes),
      signature,
      clock: attributes.get("clock") === "yes",
      families: this.#families(label, attributes)
    }
    section.push(line)
    earlier.push(line)
  }

  #registered(index: number, label: Label, attributes: ReadonlyMap<string, string>): Registered {
    return {
      index,
      label,
      title: this.#label.title,
      sys: this.#sys,
      file: this.#file,
      fileIndex: this.#fileIndex,
      line: this.#line,
      attributes
    }
  }

  #families(label: Label, attributes: ReadonlyMap<string, string>): number {
    const own = attributes.get("family")
    const families = own === undefined ? undefined : parseFamilies(own)
    if (typeof families === "number") return families
    return familiesOfLabel(this.#into.names.names[label.nameId]!, label.flavor, label.classId === USERLAND)
  }

  #readHttp(value: string, attributes: ReadonlyMap<string, string>): void {
    const fields = parseHttpSignature(value, this.#into.headerNames)
    if (fields instanceof ParseError) return this.#problem(fields.message, fields.offset)
    const { label } = this.#label
    if (label === undefined) return
    const isRequest = this.#section === "http:request"
    const earlier = isRequest ? this.#http.request : this.#http.response
    if (!this.#isNew(coveringHttpSignature(earlier, fields)?.line)) return
    const section = isRequest ? this.#into.httpRequests : this.#into.httpResponses
    const line: HttpSignature = { ...this.#registered(section.length, label, attributes), ...fields }
    section.push(line)
    earlier.push(line)
  }

  /** Returns true if a line that line `covering` covers is kept. */
  #isNew(covering: number | undefined): boolean {
    if (covering === undefined) return true
    const message = `this signature never answers: line ${covering} covers it`
    if (this.#mode === "modern") {
      this.#into.warnings.push(`${this.#file}:${this.#line}: ${message}`)
      return true
    }
    this.#problem(`${message}: remove one, or use mode = modern`)
    return false
  }
}
