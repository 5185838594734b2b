/** Text that the demo prints. */

/** Requests of one connection as the application received them: header lines, in the order of arrival. */
export interface Conversation {
  readonly address: string
  readonly requests: ReadonlyArray<ReadonlyArray<string>>
}

export interface Setting {
  readonly haproxy: string
  readonly clients: ReadonlyArray<string>
  readonly server: ReadonlyArray<string>
}

export function printReport(conversations: ReadonlyArray<Conversation>, setting: Setting): string {
  const lines = [
    "",
    `client ${setting.clients.join(", ")}`,
    "  └─ veth, MTU 1500",
    `HAProxy ${setting.haproxy}, ${setting.server.join(", ")} port 80 ── application`,
    "  └─ synprint spoa, 127.0.0.1:9000",
    "",
    "What the application received of each request:"
  ]
  for (const { address, requests } of conversations) {
    const url = address.includes(":") ? `http://[${address}]/` : `http://${address}/`
    const [first = [], ...later] = requests
    lines.push("", `GET ${url}   first request of a connection`, ...ours(first))
    for (const again of later)
      lines.push(
        `GET ${url}   next request of the same connection: ${ours(again).join() === ours(first).join() ? "the same headers" : "other headers"}`,
        ...(ours(again).join() === ours(first).join() ? [] : ours(again))
      )
  }
  lines.push(
    "",
    "Each request claimed X-TCP-OS: what the client claims; HAProxy took that out before it asked synprint."
  )
  return lines.join("\n")
}

/** The lines that synprint is the source of. */
function ours(lines: ReadonlyArray<string>): Array<string> {
  return lines
    .filter((line) => line.startsWith("x-tcp-"))
    .map((line) => {
      const colon = line.indexOf(":")
      return `    ${line.slice(0, colon).padEnd(14)}${line.slice(colon + 1).trim()}`
    })
}
