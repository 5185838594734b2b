/**
 * Header names that have an id, and p0f's built-in lists of them (fp_http.h, fp_http.c: http_init). Names are case-sensitive.
 */

export const HDR_USER_AGENT = 0
export const HDR_SERVER = 1
export const HDR_ACCEPT_LANGUAGE = 2
export const HDR_VIA = 3
export const HDR_X_FORWARDED_FOR = 4
export const HDR_DATE = 5

const words = (text: string): ReadonlyArray<string> => text.split(" ")

/** Printed as `?Name` without value. */
export const REQUEST_OPTIONAL = words(
  "Cookie Referer Origin Range If-Modified-Since If-None-Match Via X-Forwarded-For Authorization Proxy-Authorization Cache-Control"
)
export const RESPONSE_OPTIONAL = words(
  "Set-Cookie Last-Modified ETag Content-Length Content-Disposition Cache-Control Expires Pragma Location Refresh Content-Range Vary"
)
/** Printed without value. */
export const REQUEST_NO_VALUE = words("Host User-Agent")
export const RESPONSE_NO_VALUE = words("Date Content-Type Server")
/** Listed as absent when they are. */
export const REQUEST_COMMON = words(
  "Host User-Agent Connection Accept Accept-Encoding Accept-Language Accept-Charset Keep-Alive"
)
export const RESPONSE_COMMON = words("Content-Type Connection Keep-Alive Accept-Ranges Date")

const BUILT_IN = [
  ...words("User-Agent Server Accept-Language Via X-Forwarded-For Date"),
  ...REQUEST_OPTIONAL,
  ...RESPONSE_OPTIONAL,
  ...REQUEST_NO_VALUE,
  ...RESPONSE_NO_VALUE,
  ...REQUEST_COMMON,
  ...RESPONSE_COMMON
]

/** Header name -> id, in the order of first mention; p0f's built-in names come first. */
export class HeaderNames {
  readonly names: Array<string> = []
  readonly #ids = new Map<string, number>()

  constructor() {
    for (const name of BUILT_IN) this.id(name)
  }

  /** The id of a name; a new name gets the next one. */
  id(name: string): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    this.#ids.set(name, this.names.length)
    return this.names.push(name) - 1
  }
}
