/**
 * `[[routes]]`: where requests go and how they are rewritten.
 */
import {
  type Decoded,
  expected,
  flag,
  headerName,
  key,
  list,
  matching,
  nonEmpty,
  table,
  text,
  type Value
} from "@synprint/service/config"

/** `http://host:port`, `https://...` or `unix:PATH`. */
const upstream: Value<string> = {
  kind: "text",
  decode: (input) => {
    if (typeof input === "string") {
      if (/^unix:./.test(input)) return input
      if (/^https?:\/\/[^/\s]+\/?$/i.test(input) && URL.canParse(input)) return input
    }
    return expected('"http://host:port", "https://host:port" or "unix:PATH"', input)
  }
}

const PATH = 'a path that begins with "/"'

/** RFC 9110 section 5: a token, a colon, and a value without control characters. */
const headerLine = matching(
  'a header line such as "X-Env: production"',
  /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7e]*$/
)

export const RouteTable = table({
  host: key("host", nonEmpty("a host name or *"), "*", {
    reload: "live",
    text: '"*" = every host, "*.example.org" = one label. A host that is named decides: its paths are not mixed with those of "*".'
  }),
  path: key("path", matching(PATH, /^\//), "/", {
    reload: "live",
    text: 'The longest that ends at a "/" of the request\'s path.'
  }),
  upstreams: key("upstream", list(upstream), [], {
    reload: "live",
    text: 'In turn: "http://host:port", "https://host:port", "unix:PATH".',
    example: ["http://127.0.0.1:3000"]
  }),
  upstreamCa: key("upstream_ca", text, "", {
    reload: "live",
    text: 'https upstreams: PEM file of the authorities that their certificates must come from; "" = those that Bun knows.'
  }),
  upstreamName: key("upstream_name", text, "", {
    reload: "live",
    text: 'https upstreams: the name that they are asked for (SNI) and must prove; "" = that of the URL.'
  }),
  forceNewConnection: key("force_new_connection", flag, false, {
    reload: "live",
    text: "true: the client's connection is closed after each response, so that every request has a SYN of its own."
  }),
  healthCheck: key("health_check", matching(`"tcp" or ${PATH}`, /^(?:|tcp|\/[\x21-\x7e]*)$/), "", {
    reload: "live",
    text: '"" = none, "tcp" = a connection, "/path" = a GET that is answered by 2xx or 3xx.'
  }),
  stripPrefix: key("strip_prefix", flag, false, {
    reload: "live",
    text: "true: the route's path is taken off the path that the upstream gets."
  }),
  replacePrefix: key("replace_prefix", matching(PATH, /^(?:|\/[\x21\x22\x24-\x7e]*)$/), "", {
    reload: "live",
    text: 'Takes the place of the route\'s path; "" = it stays.'
  }),
  setHost: key("set_host", text, "", {
    reload: "live",
    text: 'Sent as Host; "" = the client\'s.'
  }),
  addHeaders: key("add_headers", list(headerLine), [], {
    reload: "live",
    text: "Lines that are added to the request.",
    example: ["X-Env: production"]
  }),
  removeHeaders: key("remove_headers", list(headerName), [], {
    reload: "live",
    text: "Names that are removed from the request."
  }),
  addResponseHeaders: key("add_response_headers", list(headerLine), [], {
    reload: "live",
    text: "Lines that are added to the response."
  }),
  removeResponseHeaders: key("remove_response_headers", list(headerName), [], {
    reload: "live",
    text: "Names that are removed from the response."
  })
})

export type RouteConfig = Decoded<typeof RouteTable.keys>
