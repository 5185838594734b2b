/**
 * HTTP matching: which signature a head fits (p0f's fp_http.c: http_find_match). First specific line, else
 * first generic line, in file order.
 */
import type { HttpHead } from "./head.ts"
import type { HttpNeedles } from "./tables.ts"

function fits(head: HttpHead, needles: HttpNeedles): boolean {
  const { signature, ids, optional, values, absent } = needles
  if (signature.ver !== -1 && signature.ver !== head.ver) return false
  let from = 0
  for (let i = 0; i < ids.length; i++) {
    const line = head.find(ids[i]!, from)
    if (line < 0) {
      // A header that may be missing must not be somewhere else instead.
      if (optional[i] === 0 || head.find(ids[i]!, 0) >= 0) return false
      continue
    }
    const value = values[i]
    if (value !== undefined && !(head.hasValue(line) && head.valueContains(line, value))) return false
    from = line + 1
  }
  for (let i = 0; i < absent.length; i++) if (head.find(absent[i]!, 0) >= 0) return false
  return true
}

/** The matching signature, undefined for none. */
export function matchHttp(head: HttpHead, signatures: ReadonlyArray<HttpNeedles>): HttpNeedles | undefined {
  let generic: HttpNeedles | undefined
  for (const needles of signatures) {
    if (generic !== undefined && needles.signature.label.generic) continue
    if (!fits(head, needles)) continue
    if (!needles.signature.label.generic) return needles
    generic = needles
  }
  return generic
}

/** The software says that it is something other than what its headers look like. */
export function isDishonest(head: HttpHead, match: HttpNeedles): boolean {
  return match.expsw.length > 0 && head.software >= 0 && !head.valueContains(head.software, match.expsw)
}
