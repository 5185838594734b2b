/**
 * Error responses of the proxy itself: short plain text that no cache may keep as the application's.
 */
import { bytesOf } from "./byte-classes.ts"

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout",
  505: "HTTP Version Not Supported"
}

/** Encodes a whole response. `date` is a whole Date line. */
export function errorPage(
  status: number,
  text: string,
  date: Uint8Array,
  closes: boolean,
  hasBody: boolean
): Uint8Array {
  const body = `${status} ${REASONS[status] ?? "Error"}: ${text}\n`
  // RFC 9110 asks for Allow with 405 (section 15.5.6); Retry-After helps with 429 and 503 (section 10.2.3).
  const more =
    status === 405
      ? "Allow: GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH\r\n"
      : status === 429 || status === 503
        ? "Retry-After: 1\r\n"
        : ""
  const head = bytesOf(
    `HTTP/1.1 ${status} ${REASONS[status] ?? "Error"}\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\nCache-Control: no-store\r\n${more}${closes ? "Connection: close\r\n" : ""}`
  )
  return Buffer.concat([head, date, bytesOf(hasBody ? `\r\n${body}` : "\r\n")])
}
