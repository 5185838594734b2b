/** House rule: names and words that gave way to the field's terms don't come back. docs/glossary.md explains the terms. */
import { type Source, walk } from "../lib/source.ts"

/**
 * The whole list; `use` stands in the message.
 *
 * - `part`: a word inside a name: `lane` forbids `lane`, `laneSlot` and `read-lane.ts`
 * - `name`: a whole name; the word alone is plain English (`Answer` the type, not "an answer")
 * - `word`: a word of comments, texts and documents. Quoted text is left alone, and so are names that others gave
 */
interface OldName {
  readonly part?: string
  readonly name?: string
  readonly word?: RegExp
  readonly use: string
}

export const OLD_NAMES: ReadonlyArray<OldName> = [
  { part: "octet", use: "byte" },
  { part: "octets", use: "bytes" },
  { word: /\b[Oo]ctets?\b(?!-stream)/, use: "byte" },
  { word: /\b[Ll]anes?\b/, use: "EpollReader" },
  { word: /\b[Ii]nlets?\b/, use: "SocketReader" },
  { word: /\b[Oo]utlets?\b/, use: "SocketWriter" },
  { word: /\b[Bb]ell\b/, use: "wake-up socket" },
  { part: "told", use: "reported, advertised, sent" },
  { part: "tells", use: "reports, advertises, sends" },
  { part: "inlet", use: "SocketReader" },
  { part: "outlet", use: "SocketWriter" },
  { part: "lane", use: "EpollReader, reader" },
  { part: "bell", use: "wake-up socket" },
  { part: "lent", use: "borrowed" },
  { part: "introduction", use: "PROXY header" },
  { part: "introductions", use: "PROXY headers" },
  { part: "introduce", use: "applyProxyHeader" },
  { part: "forget", use: "reset, clear, drop" },
  { name: "Timed", use: "TimerEntry, HandshakeTimes" },
  { name: "Peer", use: "ForwardedContext" },
  { name: "PeerReader", use: "ClientIdentifier" },
  { name: "mayRequest", use: "allowsRequest" },
  { name: "ownBlock", use: "connectionHeaders" },
  { name: "shapeBlock", use: "fingerprintHeaders" },
  { name: "HeaderBlock", use: "HeaderEncoder" },
  { name: "Fault", use: "ParseError" },
  { name: "faultOf", use: "errorResponse" },
  { name: "Site", use: "Generation" },
  { name: "Answer", use: "ConnectionInfo" },
  { name: "Answerer", use: "FingerprintLookup" },
  { name: "Answers", use: "AnswerCache" },
  { name: "Shape", use: "TcpFingerprint" },
  { name: "entryOf", use: "lookup" },
  { name: "Intake", use: "PacketDecoder" },
  { name: "P0fIntake", use: "P0fPacketDecoder" },
  { name: "Located", use: "HeaderOffsets" },
  { name: "locateTcp", use: "findTcp" },
  { name: "Wrong", use: "InvalidValue" },
  { name: "Lack", use: "MissingPrivilege" },
  { name: "lacks", use: "missing" },
  { name: "whenever", use: "watchInterval" },
  { name: "MutableConnection", use: "ConnectionQuery" },
  { name: "MadeUpSyn", use: "SyntheticSyn" },
  { name: "HostClock", use: "ClockHostTable" },
  { name: "HostList", use: "P0fHostTable" },
  { name: "ReadLane", use: "EpollReader" }
]

const PARTS = new Map(OLD_NAMES.flatMap(({ part, use }) => (part === undefined ? [] : [[part, use] as const])))
const NAMES = new Map(OLD_NAMES.flatMap(({ name, use }) => (name === undefined ? [] : [[name, use] as const])))
const WORDS = OLD_NAMES.flatMap(({ word, use }) => (word === undefined ? [] : [{ word, use }]))

/** Lower-case words of a name: `readLaneSlot2` has read, lane, slot. */
const partsOf = (name: string): ReadonlyArray<string> =>
  (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((part) => part.toLowerCase())

/** The name to use instead; undefined if nothing is wrong with it. */
function replacementOf(name: string): string | undefined {
  const use = NAMES.get(name)
  if (use !== undefined) return use
  for (const part of partsOf(name)) if (PARTS.has(part)) return PARTS.get(part)
  return undefined
}

export function pathProblems(path: string): ReadonlyArray<string> {
  const use = replacementOf(path)
  return use === undefined ? [] : [`${path}: an old word in the path: use ${use}`]
}

/** Problems of prose: a comment, a text or a document that begins at line `first`. Quoted text and code stay as they are. */
export function wordProblems(name: string, text: string, first = 1): ReadonlyArray<string> {
  const problems: Array<string> = []
  const blank = (quoted: string): string => quoted.replaceAll(/[^\n]/g, " ")
  const prose = text.replaceAll(/```[\s\S]*?```|`[^`\n]*`|"[^"]*"/g, blank)
  for (const [n, line] of prose.split("\n").entries()) {
    for (const { word, use } of WORDS) {
      const found = word.exec(line)
      if (found !== null) problems.push(`${name}:${first + n}: "${found[0]}": use ${use}`)
    }
  }
  return problems
}

export function nameProblems({ name, program, comments, lineAt }: Source): ReadonlyArray<string> {
  const problems: Array<string> = []
  const seen = new Set<string>()
  walk(program, (node) => {
    const { type } = node
    if (type === "Identifier" || type === "PrivateIdentifier") {
      const identifier = node["name"] as string
      const use = replacementOf(identifier)
      // Once per file and name: renaming mends all of them.
      if (use === undefined || seen.has(identifier)) return
      seen.add(identifier)
      problems.push(`${name}:${lineAt(node.start)}: the name ${identifier}: use ${use}`)
    } else if (type === "TemplateElement") {
      const { cooked } = node["value"] as { cooked: string | null }
      problems.push(...wordProblems(name, cooked ?? "", lineAt(node.start)))
    } else if (type === "Literal" && typeof node["value"] === "string") {
      problems.push(...wordProblems(name, node["value"], lineAt(node.start)))
    }
  })
  for (const { value, start } of comments) problems.push(...wordProblems(name, value, lineAt(start)))
  return problems
}
