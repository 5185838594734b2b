/**
 * House rule: a comment begins with a noun or a verb, so that it can be read without the lines around it. A comment inside a function may
 * begin with a pronoun.
 */
import { type Source, walk } from "../lib/source.ts"

/** Words that begin a fragment ("Of the address limits.") or a clause that must be read twice ("Where one was closed ..."). */
const FRAGMENT = /^(?:Of|The same|That of|Those|What|Where|Who|Whom|Whose|Which|Whether|How)(?=$|[\s,.:;?'’])/i
/** Words that refer to a noun that stands elsewhere ("It never throws."). */
const PRONOUN = /^(?:It|Its|They|Their)(?=$|[\s,.:;?'’])/i

const DECLARATION =
  /^(?:Variable|Function|Class|Export\w*|TS\w+)Declaration$|^(?:Method|Property)Definition$|^TS(?:Property|Method)Signature$|^Property$/

interface Block {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Lines of `//` that stand below each other, with nothing else on them, are one block. */
function lineBlocks({ text, comments }: Source): ReadonlyArray<Block> {
  const blocks: Array<Block> = []
  for (const { type, value, start, end } of comments) {
    const indent = text.slice(text.lastIndexOf("\n", start - 1) + 1, start)
    if (type !== "Line" || indent.trim() !== "") continue
    const last = blocks.at(-1)
    if (last !== undefined && text.slice(last.end, start) === `\n${indent}`) {
      blocks[blocks.length - 1] = { start: last.start, end, text: `${last.text}\n${value}` }
    } else blocks.push({ start, end, text: value })
  }
  return blocks
}

export function commentProblems(source: Source): ReadonlyArray<string> {
  const { text } = source
  const declared = new Set<number>()
  walk(source.program, ({ type, start }) => {
    if (DECLARATION.test(type)) declared.add(start)
  })
  const blocks = source.comments
    .filter(({ type }) => type === "Block")
    .map(({ start, end, value }) => ({ start, end, text: value, isInside: false }))
  for (const block of lineBlocks(source)) {
    const isHeader = text.slice(0, block.start).replace(/^#!.*/, "").trim() === ""
    const next = block.end + (/^\s*/.exec(text.slice(block.end))?.[0].length ?? 0)
    blocks.push({ ...block, isInside: !isHeader && !declared.has(next) })
  }
  const problems: Array<string> = []
  for (const block of blocks.sort((a, b) => a.start - b.start)) {
    const words = block.text
      .replaceAll(/^[\s*]+/gm, " ")
      .replaceAll(/\s+/g, " ")
      .trim()
    const found = FRAGMENT.exec(words) ?? (block.isInside ? null : PRONOUN.exec(words))
    if (found === null) continue
    problems.push(
      `${source.name}:${source.lineAt(block.start)}: a comment begins with "${found[0]}": begin with the noun or verb that it is about: ${words.slice(0, 60)}`
    )
  }
  return problems
}

/** A file of ours in a comment: `tagged-index.ts`, `docs/hints.md`, `p0f/log.ts`. */
const NAMED_FILE = /(?<![\w./:-])(?:[\w.-]+\/)*[\w-]+(?:\.[\w-]+)*\.(?:ts|md)\b/g
/** A part in capitals (`signal-NAME.ts`) makes it a pattern; a leading dash (`-process.ts`) an ending. */
const PATTERN = /(?:^|[/-])[A-Z]{2,}(?:[/.-]|$)|^-/

/** Files that comments name and nobody finds. `files`: paths from the root of the repository. */
export function commentFileProblems(source: Source, files: ReadonlyArray<string>): ReadonlyArray<string> {
  return source.comments.flatMap(({ value, start }) =>
    [...value.matchAll(NAMED_FILE)]
      .map(([name]) => name.replace(/^(?:\.\.?\/)+/, ""))
      .filter((name) => !PATTERN.test(name) && !files.some((file) => file === name || file.endsWith(`/${name}`)))
      .map((name) => `${source.name}:${source.lineAt(start)}: a comment names ${name}, which is not in the repository`)
  )
}
