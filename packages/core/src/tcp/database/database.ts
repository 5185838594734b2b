/**
 * A loaded signature database: the content of p0f.fp files in the order in which it is matched (p0f README; readfp.c).
 */
import type { LinkFacts } from "./link-facts.ts"
import type { Signature } from "../signature/signature.ts"

export interface Label {
  /** Order of registration, shared by all sections; every label line gets a new one. */
  readonly id: number
  readonly generic: boolean
  /** Index into `Database.classes`, -1 for `!`: a userland application. */
  readonly classId: number
  /** Index into `Database.names`. */
  readonly nameId: number
  readonly flavor: string | undefined
}

/** One entry of `sys = @class,Name`: an index into `classes` or `names`. */
export interface Sys {
  readonly isClass: boolean
  readonly id: number
}

/** The part that TCP and HTTP signatures share. */
export interface Registered {
  /** Position within its section over all files: the identity of a match. */
  readonly index: number
  readonly label: Label
  /** `name[ flavor]` with the spelling that is displayed. */
  readonly title: string
  readonly sys: ReadonlyArray<Sys>
  readonly file: string
  /** Position of the file among those that were read: the later file wins within a tier of matches. */
  readonly fileIndex: number
  readonly line: number
  /** Attributes of the `;@ name=value; ...` lines before the label and before the line; the line's own win. */
  readonly attributes: ReadonlyMap<string, string>
}

export interface TcpSignature extends Registered {
  readonly signature: Signature
  /** Attribute `clock=yes`: this stack has one TCP timestamp clock per host, so that its uptime can be computed. */
  readonly clock: boolean
  /** Bits of stack-family.ts, never 0: attribute `family=`, else by name and class. */
  readonly families: number
}

/** One `sig =` line of `[mtu]`. */
export interface Link {
  readonly mtu: number
  readonly name: string
  readonly file: string
  readonly fileIndex: number
  readonly line: number
  readonly attributes: ReadonlyMap<string, string>
  /** Facts from its attributes, for modern mode; undefined: the line has only a name. */
  readonly facts: LinkFacts | undefined
}

export interface HttpHeader {
  /** Index into `HttpSection.headerNames`. */
  readonly id: number
  readonly optional: boolean
  /** The substring that the value must contain. */
  readonly value: string | undefined
}

/** `ver:horder:habsent:expsw` (fp_http.h: struct http_sig). */
export interface HttpSignature extends Registered {
  /** HTTP/1.N, -1 for `*`. */
  readonly ver: 0 | 1 | -1
  readonly headers: ReadonlyArray<HttpHeader>
  readonly absent: ReadonlyArray<number>
  /** Expected substring of User-Agent or Server; empty when none. */
  readonly expsw: string
}

/** `ua_os = Name,Name=[substring]`. */
export interface UaOs {
  readonly nameId: number
  readonly substring: string
}

export interface HttpSection {
  /** Every header name that has an id: p0f's built-in ones first, then those that signatures mention. */
  readonly headerNames: ReadonlyArray<string>
  readonly requests: ReadonlyArray<HttpSignature>
  readonly responses: ReadonlyArray<HttpSignature>
  readonly uaOs: ReadonlyArray<UaOs>
}

export interface Database {
  readonly classes: ReadonlyArray<string>
  /** Interned case-insensitively; the first spelling is displayed. */
  readonly names: ReadonlyArray<string>
  readonly requests: ReadonlyArray<TcpSignature>
  readonly responses: ReadonlyArray<TcpSignature>
  /** MTU -> link name: the later file wins, within a file the first line. */
  readonly links: ReadonlyMap<number, string>
  /** Every line of `[mtu]`, those that lose included. */
  readonly linkLines: ReadonlyArray<Link>
  readonly http: HttpSection
  /** Signatures of all sections: p0f's "Loaded N signatures". */
  readonly count: number
  readonly warnings: ReadonlyArray<string>
}
