/**
 * Variables: a ConnectionInfo as the SET-VAR actions of an ACK (HAProxy doc/SPOE.txt section 3.4; flt_spoe.c: spoe_process_actions).
 *
 *     01 | 03 | scope | STRING name | TYPED DATA        scope 01 is `sess`, which lives as long as the client connection
 *
 * HAProxy stops silently at the first action that it can't read and keeps those before it. The name comes without scope and prefix;
 * `scope.prefix.name` must fit in 63 characters.
 *
 * Numbers are INT64, the rest STRING. Values that are not known are not set; a known 0 is. `status` and `done` are always set. The variables
 * of scope "fingerprint" are encoded once per fingerprint and kept with it; the others are appended to each ACK. So a usual ACK costs one
 * copy and a call of `read` for each variable of another scope (uptime and nat by default): the rows of core's FIELDS are as fast here as a
 * switch over numbers was (bench/codec.ts in turns with it: 122 and 121 ns per NOTIFY -> ACK).
 *
 * An ACK may be too small for all variables. They are then written one by one in the order of FIELDS, and one that does not fit is left
 * out: the last in that order go first, `status` and `done` never.
 */
import {
  type ConnectionInfo,
  type Field,
  FIELDS,
  HINT_FIELDS,
  STATUSES,
  type TcpFingerprint,
  type Status
} from "@synprint/core"
import { TYPE_INT64, writeString, writeTypedInteger, writeTypedString } from "./typed-data.ts"

const SET_VAR = 1
const SCOPE_SESS = 1

/** Maximum length of the block of a fingerprint; a longer one never fits an ACK. */
const BLOCK_MAX = 8192

interface Variable {
  /** `01 03 01 name`: action, number of arguments, scope. */
  readonly prefix: Uint8Array
  readonly scope: Field["scope"]
  readonly read: Field["read"]
}

/** Returns true if hints must be computed for a choice of variables. */
export const wantsHints = (variables: ReadonlyArray<string>): boolean =>
  variables.some((name) => name === "hints" || HINT_FIELDS.includes(name))

/** Writes one choice of variables. A reload that changes the choice creates another writer. */
export class VariableWriter {
  /** True if the last ACK lost variables. */
  isTruncated = false

  readonly #heads: Readonly<Record<Status, Uint8Array>>
  /** The chosen variables in the order of FIELDS, and the same by scope. */
  readonly #all: ReadonlyArray<Variable>
  readonly #ofFingerprint: ReadonlyArray<Variable>
  readonly #others: ReadonlyArray<Variable>

  constructor(variables: ReadonlyArray<string>, fields: ReadonlyArray<Field> = FIELDS) {
    this.#all = fields
      .filter(({ name, scope }) => scope !== "status" && variables.includes(name))
      .map(({ name, scope, read }) => ({ prefix: encodePrefix(name), scope, read }))
    this.#ofFingerprint = this.#all.filter(({ scope }) => scope === "fingerprint")
    this.#others = this.#all.filter(({ scope }) => scope !== "fingerprint")
    this.#heads = Object.fromEntries(STATUSES.map((status) => [status, encodeHead(status)])) as Record<
      Status,
      Uint8Array
    >
  }

  /** Writes the actions from `at`, ending at or before `limit`; returns the offset behind them. */
  write(info: ConnectionInfo, out: Uint8Array, at: number, limit: number): number {
    this.isTruncated = false
    const { fingerprint } = info
    const block =
      fingerprint === undefined
        ? this.#heads[info.status]
        : fingerprint.encodedBy === this
          ? fingerprint.encoded!
          : this.#encodeFingerprint(info, fingerprint)
    let end = at + block.length
    if (end > limit) return this.#writeFitting(info, out, at, limit)
    // 19 ns for 150 bytes; a loop takes 66.
    out.set(block, at)
    if (fingerprint === undefined && info.hasHost) end = writeAll(this.#ofFingerprint, info, out, end)
    end = writeAll(this.#others, info, out, end)
    return end <= limit ? end : this.#writeFitting(info, out, at, limit)
  }

  #writeFitting(info: ConnectionInfo, out: Uint8Array, at: number, limit: number): number {
    at += copy(this.#heads[info.status], out, at)
    for (const variable of this.#all) {
      const end = writeVariable(variable, info, out, at)
      if (end <= limit) at = end
      else this.isTruncated = true
    }
    return at
  }

  /** Encodes `status`, `done` and the variables of the fingerprint. A fingerprint comes with one status only, `ok`. */
  #encodeFingerprint(info: ConnectionInfo, fingerprint: TcpFingerprint): Uint8Array {
    const block = new Uint8Array(BLOCK_MAX)
    const end = writeAll(this.#ofFingerprint, info, block, copy(this.#heads[info.status], block, 0))
    fingerprint.encodedBy = this
    return (fingerprint.encoded = block.slice(0, end))
  }
}

function writeAll(variables: ReadonlyArray<Variable>, info: ConnectionInfo, out: Uint8Array, at: number): number {
  for (let i = 0; i < variables.length; i++) at = writeVariable(variables[i]!, info, out, at)
  return at
}

/** Writes one variable, nothing if its value is not known. A value that passes the end of `out` is cut: callers compare with a limit. */
function writeVariable({ prefix, read }: Variable, info: ConnectionInfo, out: Uint8Array, at: number): number {
  const value = read(info)
  if (value === undefined) return at
  const start = at + copy(prefix, out, at)
  return typeof value === "number"
    ? writeTypedInteger(out, start, TYPE_INT64, value)
    : writeTypedString(out, start, value)
}

/** Copies `from` and returns its length. Up to 30 bytes, a loop costs no more than `set`. */
function copy(from: Uint8Array, out: Uint8Array, at: number): number {
  const { length } = from
  for (let index = 0; index < length; index++) out[at++] = from[index]!
  return length
}

/** Writes a SET-VAR up to its value; returns the offset where the typed value goes. */
function beginSetVar(out: Uint8Array, at: number, name: string): number {
  out[at] = SET_VAR
  out[at + 1] = 3
  out[at + 2] = SCOPE_SESS
  return writeString(out, at + 3, name)
}

function encodePrefix(name: string): Uint8Array {
  const bytes = new Uint8Array(64)
  return bytes.slice(0, beginSetVar(bytes, 0, name))
}

/** `status` and `done`, which every ACK holds: the guard by which HAProxy asks once is set even if nothing is known. */
function encodeHead(status: Status): Uint8Array {
  const bytes = new Uint8Array(64)
  let at = writeTypedString(bytes, beginSetVar(bytes, 0, "status"), status)
  at = writeTypedString(bytes, beginSetVar(bytes, at, "done"), "1")
  return bytes.slice(0, at)
}
