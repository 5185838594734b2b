/**
 * The state that the files of a database share while they are read: names and ids, lines in order, problems.
 */
import type { Database, HttpSignature, Link, TcpSignature, UaOs } from "./database.ts"
import { HeaderNames } from "./http-headers.ts"
import { Names } from "./label.ts"

export interface DatabaseProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** The problem and what to do. */
  readonly message: string
}

function linkTable(lines: ReadonlyArray<Link>): ReadonlyMap<number, string> {
  const winners = new Map<number, Link>()
  for (const line of lines) if (winners.get(line.mtu)?.fileIndex !== line.fileIndex) winners.set(line.mtu, line)
  return new Map([...winners].map(([mtu, line]) => [mtu, line.name]))
}

export class DatabaseContents {
  readonly classes = new Names()
  readonly names = new Names()
  readonly headerNames = new HeaderNames()
  readonly requests: Array<TcpSignature> = []
  readonly responses: Array<TcpSignature> = []
  readonly httpRequests: Array<HttpSignature> = []
  readonly httpResponses: Array<HttpSignature> = []
  readonly linkLines: Array<Link> = []
  readonly uaOs: Array<UaOs> = []
  readonly problems: Array<DatabaseProblem> = []
  readonly warnings: Array<string> = []
  labels = 0

  /** All of it as a Database; only without problems. */
  database(): Database {
    const { requests, responses, httpRequests, httpResponses, linkLines } = this
    return {
      classes: this.classes.names,
      names: this.names.names,
      requests,
      responses,
      links: linkTable(linkLines),
      linkLines,
      http: {
        headerNames: this.headerNames.names,
        requests: httpRequests,
        responses: httpResponses,
        uaOs: this.uaOs
      },
      count: linkLines.length + requests.length + responses.length + httpRequests.length + httpResponses.length,
      warnings: this.warnings
    }
  }
}
