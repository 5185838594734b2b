/** A TypeScript source as a syntax tree (ESTree, by oxc-parser), for tools that read the repository: house rules, mutations. */
import { type Comment, parseSync } from "oxc-parser"

/** A node of the tree. Its other properties depend on `type`: https://github.com/estree/estree and its `TS*` extensions. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

export interface Source {
  /** Path from the root of the repository. */
  readonly name: string
  readonly text: string
  readonly program: Node
  readonly comments: ReadonlyArray<Comment>
  /** Modules that are loaded with this one: relative paths and package names. Imports of types alone are left out. */
  readonly imports: ReadonlyArray<string>
  /** Number of the line (the first is 1) that holds the character at `offset`. */
  readonly lineAt: (offset: number) => number
}

export function parseSource(name: string, text: string): Source {
  const { program, comments, module, errors } = parseSync(name, text)
  if (errors.length > 0) throw new Error(`${name} is no TypeScript: ${errors[0]!.message}`)
  const imports: Array<string> = []
  for (const { moduleRequest, entries } of module.staticImports) {
    if (entries.length === 0 || entries.some((entry) => !entry.isType)) imports.push(moduleRequest.value)
  }
  for (const { moduleRequest, isType } of module.staticExports.flatMap((found) => found.entries)) {
    if (moduleRequest !== null && !isType) imports.push(moduleRequest.value)
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^["'](.*)["']$/.exec(text.slice(moduleRequest.start, moduleRequest.end))
    if (literal !== null) imports.push(literal[1]!)
  }
  // Entry files of Workers: new URL("./worker.ts", import.meta.url)
  for (const [, path] of text.matchAll(/new URL\(\s*["'](\.[^"']+\.ts)["']/g)) imports.push(path!)

  const starts = [0]
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  const lineAt = (offset: number): number => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
  return { name, text, program: program as unknown as Node, comments, imports, lineAt }
}

const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string"

/** The nodes directly below `node`, in the order of its properties. */
export function childrenOf(node: Node): ReadonlyArray<Node> {
  const children: Array<Node> = []
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) children.push(...value.filter(isNode))
    else if (isNode(value)) children.push(value)
  }
  return children
}

/** Calls `visit` for `node` and every node below it, parents first. */
export function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  for (const child of childrenOf(node)) walk(child, visit)
}
