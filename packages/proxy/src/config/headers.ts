/**
 * `[headers]`: `preset` and, beside it, `field = "header-name"` for single fields.
 */
import { FIELDS, PRESETS, type Preset } from "@synprint/core"
import { type Decoded, headerName, key, oneOf, optionalKey, table, type ValueKey } from "@synprint/service/config"

const EXAMPLES: Readonly<Record<string, readonly [header: string, text: string]>> = {
  sig: ["x-tcp-signature", "Single fields under a name of your own, beside the preset."],
  ua_mismatch: [
    "x-tcp-ua-mismatch",
    'Hints one by one, which no preset has: score first, as in 0.95;reason="windows ua, linux stack"'
  ]
}

const fieldKeys: Record<string, ValueKey<string | undefined>> = {}
for (const { name } of FIELDS) {
  const [example, text] = EXAMPLES[name] ?? []
  fieldKeys[name] = optionalKey(name, headerName, {
    reload: "live",
    ...(example === undefined ? {} : { example, text: text ?? "" })
  })
}

export const HeadersTable = table({
  preset: key("preset", oneOf(...PRESETS), "x-tcp", { reload: "live", text: PRESETS.join(" | ") }),
  ...fieldKeys
})

export interface HeadersConfig {
  readonly preset: Preset
  /** Field name -> header name; these go before the preset's. */
  readonly names: ReadonlyMap<string, string>
}

export function headersConfig(decoded: Decoded<typeof HeadersTable.keys>): HeadersConfig {
  const names = new Map<string, string>()
  for (const { name } of FIELDS) {
    const header = (decoded as Readonly<Record<string, string | undefined>>)[name]
    if (header !== undefined) names.set(name, header)
  }
  return { preset: decoded.preset, names }
}
