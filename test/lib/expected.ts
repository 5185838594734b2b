/** Compares what the application received with what p0f says of the SYNs that the kernel sent. */
import type { LoadResult, Reply } from "./client.ts"

/** One text for each reply whose signature is not that of its connection's SYN, the first ten of them; empty when all are right. */
export function wrongSignatures(
  result: LoadResult,
  version: 4 | 6,
  sent: ReadonlyMap<string, string>,
  header = "x-tcp-sig"
): ReadonlyArray<string> {
  const wrong = [...result.errors]
  for (const reply of result.replies) {
    const right = sent.get(`${version}/${reply.port}`) ?? "no SYN in the capture"
    const received = reply.headers.get(header)
    if (reply.status !== 200 || received !== right)
      wrong.push(
        `port ${reply.port} request ${reply.request}: HTTP ${reply.status}, ${received ?? describe(reply)} instead of ${right}`
      )
  }
  return wrong.length > 10 ? [...wrong.slice(0, 10), `and ${wrong.length - 10} more`] : wrong
}

function describe(reply: Reply): string {
  return `no signature (x-tcp-status: ${reply.headers.get("x-tcp-status") ?? "absent"})`
}

/** Number of replies by value of a header. */
export function countValues(result: LoadResult, header: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const reply of result.replies) {
    const value = reply.headers.get(header) ?? "absent"
    counts[value] = (counts[value] ?? 0) + 1
  }
  return counts
}
