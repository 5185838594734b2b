/**
 * The changes of a source that its tests should notice: each is small, keeps the syntax and mostly the types, and would change what
 * the program does.
 *
 *     comparison    a < b        a <= b           condition   if (a)          if (!(a))
 *     equality      a === b      a !== b          logic       a && b          a || b
 *     arithmetic    a + b        a - b            boolean     true            false
 *     bits          a & b        a | b            number      3               4, 2
 *     assignment    a += b       a -= b           default     a ?? b          b
 *     call          Math.min     Math.max         statement   f(); a = b      (nothing)
 *                                                 exit        return, throw, continue, break    (nothing)
 *
 * Left alone, since no test should depend on it: comments, types, imports, strings, what is logged, texts of errors, sizes of
 * buffers, durations, numbers that only distinguish states, constants of hashes. Arguments of kill(2) are left alone for safety.
 */
import { childrenOf, type Node, type Source } from "../lib/source.ts"

export interface Mutation {
  readonly file: string
  readonly line: number
  /** Offsets of the text that is replaced. */
  readonly start: number
  readonly end: number
  readonly replacement: string
  /** For people: `< to <=`. */
  readonly change: string
}

const OPERATORS: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "&": "|",
  "|": "&",
  "^": "&",
  "<<": ">>",
  ">>": "<<",
  ">>>": "<<",
  "&&": "||",
  "||": "&&",
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "&=": "|=",
  "|=": "&=",
  "<<=": ">>=",
  ">>=": "<<="
}

const CALLS: Readonly<Record<string, string>> = {
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
  some: "every",
  every: "some"
}

/** Calls that write text for people. */
const LOGS = /^(?:Effect\.log\w*|[Cc]onsole\.\w+|(?:.*[.#])?(?:log|warn|say|debug|info))$/

/** Calls whose arguments decide about processes and files of this machine. */
const DANGEROUS = /(?:^|\.)(?:kill|unlink\w*|rm|rmSync|rmdir\w*|symlink\w*|rename\w*)$/

const ERRORS = /(?:Error|Failure|Problem)$/
const BUFFERS = /Array$|Buffer$/
const DURATION = /(?:MS|SECONDS|MINUTES|HOURS|Ms|Seconds|Minutes|Hours)$/

/** Decimal numbers above are limits and sizes whose exact value nobody relies on; hexadecimal ones are constants of hashes. */
const MAX_DECIMAL = 4096
const MAX_HEXADECIMAL = 0xffff

/** Wrappers of an expression that vanish when types do. */
const TYPED = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression", "TSInstantiationExpression"])

const isText = (node: Node): boolean =>
  (node.type === "Literal" && typeof node["value"] === "string") ||
  node.type === "TemplateLiteral" ||
  (node.type === "BinaryExpression" && (isText(node["left"] as Node) || isText(node["right"] as Node)))

function integerOf(node: Node | null | undefined): number | undefined {
  const isNumber = node?.type === "Literal" && typeof node["value"] === "number"
  return isNumber && Number.isSafeInteger(node["value"]) ? (node["value"] as number) : undefined
}

/** The only initializer of a declaration like `const DATA = 3`. */
function constantOf(node: Node | undefined): number | undefined {
  const declaration = node?.type === "ExportNamedDeclaration" ? (node["declaration"] as Node | null) : node
  if (declaration?.type !== "VariableDeclaration") return undefined
  const declarators = declaration["declarations"] as ReadonlyArray<Node>
  return declarators.length === 1 ? integerOf(declarators[0]!["init"] as Node | null) : undefined
}

/** Literals of constants in a row (0, 1, 2 or 1, 2, 4): they distinguish states or bits, and any other number would do. */
function tagsOf(statements: ReadonlyArray<Node>): ReadonlySet<number> {
  const tags = new Set<number>()
  const isNext = (a: number | undefined, b: number | undefined): boolean =>
    a !== undefined && b !== undefined && (b === a + 1 || (b === 2 * a && a > 0))
  for (const [n, statement] of statements.entries()) {
    const value = constantOf(statement)
    if (value === undefined) continue
    if (isNext(constantOf(statements[n - 1]), value) || isNext(value, constantOf(statements[n + 1])))
      tags.add(statement.start)
  }
  return tags
}

export function mutationsOf(source: Source): ReadonlyArray<Mutation> {
  const { name: file, text, program, lineAt } = source
  const tags = tagsOf(program["body"] as ReadonlyArray<Node>)
  const found: Array<Mutation> = []
  const add = (start: number, end: number, replacement: string, change: string): void =>
    void found.push({ file, line: lineAt(start), start, end, replacement, change })
  const textOf = ({ start, end }: Node): string => text.slice(start, end)

  /** Replaces the operator between two operands. */
  const swapOperator = (left: Node, operator: string, right: Node): void => {
    const other = OPERATORS[operator]
    const at = text.indexOf(operator, left.end)
    if (other !== undefined && at >= 0 && at < right.start)
      add(at, at + operator.length, other, `${operator} to ${other}`)
  }

  /** Conditions whose own operator is swapped anyway are not negated a second time. */
  const negate = (test: Node | null | undefined): void => {
    if (test == null) return
    const { type } = test
    const operator = test["operator"] as string | undefined
    if (type === "Literal" || (type === "UnaryExpression" && operator === "!")) return
    if (type === "BinaryExpression" && (operator === "===" || operator === "!==")) return
    add(test.start, test.end, `!(${textOf(test)})`, "condition negated")
  }

  const isCall = (node: Node): boolean => {
    if (node.type === "CallExpression") return (node["callee"] as Node).type !== "Super"
    if (node.type === "ChainExpression") return isCall(node["expression"] as Node)
    return (node.type === "AwaitExpression" || node.type === "YieldExpression") && node["argument"] != null
  }

  const changeNumber = (node: Node, value: number, parent: Node): void => {
    const raw = textOf(node)
    const isHexadecimal = /^0x/i.test(raw)
    if (!isHexadecimal && !/^[\d_]+$/.test(raw)) return
    if (value > (isHexadecimal ? MAX_HEXADECIMAL : MAX_DECIMAL)) return
    const print = (changed: number): string => (isHexadecimal ? `0x${changed.toString(16)}` : `${changed}`)
    add(node.start, node.end, print(value + 1), `${raw} to ${print(value + 1)}`)
    if (value > 0 && parent.type !== "UnaryExpression")
      add(node.start, node.end, print(value - 1), `${raw} to ${print(value - 1)}`)
  }

  const visit = (node: Node, parent: Node): void => {
    const { type } = node
    if (TYPED.has(type)) return visit(node["expression"] as Node, node)
    if (type.startsWith("TS") || type === "ImportDeclaration") return
    if (type.startsWith("Export") && node["source"] != null) return
    if (tags.has(node.start) && constantOf(node) !== undefined) return

    switch (type) {
      case "BinaryExpression":
      case "LogicalExpression": {
        const left = node["left"] as Node
        const right = node["right"] as Node
        const operator = node["operator"] as string
        if (operator === "??") add(node.start, node.end, textOf(right), "?? to its right side")
        else if (!isText(left) && !isText(right)) swapOperator(left, operator, right)
        break
      }
      case "AssignmentExpression":
        if (!isText(node["right"] as Node))
          swapOperator(node["left"] as Node, node["operator"] as string, node["right"] as Node)
        break
      case "UnaryExpression": {
        const operator = node["operator"] as string
        const argument = node["argument"] as Node
        if (operator === "!" || operator === "~") add(node.start, argument.start, "", `${operator} removed`)
        else if (operator === "-" && argument.type !== "Literal") add(node.start, node.start + 1, "+", "- to +")
        break
      }
      case "UpdateExpression": {
        const isStep = parent.type === "ForStatement" || parent.type === "ExpressionStatement"
        const operator = node["operator"] as string
        const other = operator === "++" ? "--" : "++"
        const at = node["prefix"] === true ? node.start : node.end - 2
        if (!isStep) add(at, at + 2, other, `${operator} to ${other}`)
        break
      }
      case "Literal": {
        const value = integerOf(node)
        if (node["value"] === true) add(node.start, node.end, "false", "true to false")
        else if (node["value"] === false) add(node.start, node.end, "true", "false to true")
        else if (value !== undefined) changeNumber(node, value, parent)
        return
      }
      case "IfStatement":
      case "ConditionalExpression":
      case "WhileStatement":
      case "DoWhileStatement":
        negate(node["test"] as Node)
        break
      case "ExpressionStatement": {
        const expression = node["expression"] as Node
        if (expression.type === "Literal") return // a directive
        if (isCall(expression)) add(node.start, node.end, "{}", "call removed")
        else if (expression.type === "AssignmentExpression") add(node.start, node.end, "{}", "assignment removed")
        else if (expression.type === "UpdateExpression") add(node.start, node.end, "{}", "count removed")
        break
      }
      case "ReturnStatement":
      case "ThrowStatement":
      case "ContinueStatement": {
        const word = textOf(node).split(/\W/)[0]!
        const isLast = parent.type === "BlockStatement" && (parent["body"] as ReadonlyArray<Node>).at(-1) === node
        const isBody = isLast && isFunctionBody.has(parent)
        if (!isBody) add(node.start, node.end, "{}", `${word} removed`)
        break
      }
      case "VariableDeclarator": {
        const name = (node["id"] as Node)["name"] as string | undefined
        if (name !== undefined && DURATION.test(name) && integerOf(node["init"] as Node | null) !== undefined) return
        break
      }
      case "Property":
      case "PropertyDefinition": {
        const value = node["value"] as Node | null
        const name = (node["key"] as Node)["name"] as string | undefined
        if (name !== undefined && DURATION.test(name) && integerOf(value) !== undefined) return
        if (value !== null) visit(value, node)
        return
      }
      case "NewExpression": {
        const callee = textOf(node["callee"] as Node)
        if (ERRORS.test(callee)) return
        const isSized = BUFFERS.test(callee)
        for (const argument of node["arguments"] as ReadonlyArray<Node>) {
          if (!isSized || argument.type !== "Literal") visit(argument, node)
        }
        return
      }
      case "CallExpression": {
        const callee = node["callee"] as Node
        const name = textOf(callee)
        if (LOGS.test(name) || DANGEROUS.test(name)) return
        if (callee.type === "MemberExpression" && callee["computed"] === false) {
          const property = callee["property"] as Node
          const method = property["name"] as string
          const other = Object.hasOwn(CALLS, method) ? CALLS[method]! : undefined
          const isMath = textOf(callee["object"] as Node) === "Math"
          if (other !== undefined && isMath === /^(?:min|max|floor|ceil)$/.test(method))
            add(property.start, property.end, other, `${method} to ${other}`)
        }
        break
      }
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        isFunctionBody.add(node["body"] as Node)
        break
      default:
    }
    // A statement that only writes a log line is not removed either.
    if (type === "ExpressionStatement" && isLogging(node["expression"] as Node)) {
      found.pop()
      return
    }
    for (const child of childrenOf(node)) visit(child, node)
  }
  const isFunctionBody = new Set<Node>()
  const isLogging = (node: Node): boolean => {
    if (node.type === "CallExpression") return LOGS.test(textOf(node["callee"] as Node))
    if (node.type === "ChainExpression") return isLogging(node["expression"] as Node)
    const isWaited = node.type === "AwaitExpression" || node.type === "YieldExpression"
    return isWaited && node["argument"] != null && isLogging(node["argument"] as Node)
  }
  visit(program, program)
  return found.sort((a, b) => a.start - b.start)
}

/** The source with the mutation in it. */
export const mutate = (text: string, { start, end, replacement }: Mutation): string =>
  text.slice(0, start) + replacement + text.slice(end)

/** The lines that a mutation touches, before and after it, each in one line without its indentation. */
export function linesOf(
  text: string,
  { start, end, replacement }: Mutation
): { readonly before: string; readonly after: string } {
  const from = text.lastIndexOf("\n", start - 1) + 1
  const to = text.indexOf("\n", end)
  const last = to < 0 ? text.length : to
  const flat = (part: string): string => part.replaceAll(/\s+/g, " ").trim()
  return {
    before: flat(text.slice(from, last)),
    after: flat(text.slice(from, start) + replacement + text.slice(end, last))
  }
}
