/**
 * `[spoa]`: the SPOE agent's listeners and answers.
 */
import { FIELDS } from "@synprint/core"
import { duration, fileMode, flag, integer, list, listenAddresses, network, oneOf, text } from "./value.ts"
import { type Decoded, key, table } from "./key.ts"

export const SpoaTable = table({
  listen: key("listen", listenAddresses, ["127.0.0.1:9000"]),
  /** Of unix sockets; empty owner or group: the process's own. */
  mode: key("mode", fileMode, "0660"),
  owner: key("owner", text, ""),
  group: key("group", text, ""),
  variables: key(
    "variables",
    list(oneOf(...FIELDS.map((field) => field.name))),
    FIELDS.filter((field) => field.isDefault).map((field) => field.name)
  ),
  /** Connections whose answer is kept for repeated questions. */
  answers: key("answers", integer(1, 1 << 22), 65536),
  /** SPOP: 256 at least; HAProxy offers tune.bufsize - 4 and takes the smaller. */
  maxFrameSize: key("max_frame_size", integer(256, 65532), 16380),
  pipelining: key("pipelining", flag, true),
  /** Who may connect when an address is not loopback. */
  allow: key("allow", list(network), []),
  /** How long a stop waits for what is in flight. */
  shutdownMs: key("shutdown", duration(0, 600_000), "5 seconds")
})

export type SpoaConfig = Decoded<typeof SpoaTable.keys>
