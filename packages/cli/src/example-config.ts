/**
 * The text of examples/config.toml.
 */
import { printExample } from "@synprint/service/config"
import { schema } from "./config-schema.ts"

const ignored = schema.programs
  .map((program) => {
    const names = [...schema.foreign(program)].map((name) => (name === "routes" ? "[[routes]]" : `[${name}]`))
    return `${program.name} ignores ${names.join(" ")}`
  })
  .join(", ")

export const exampleConfig = (): string =>
  printExample(schema, [
    "synprint: every key of every program. A line that begins with # and a key shows the default; remove the # to change it.",
    `One file may serve several programs: ${ignored}.`,
    'Durations: "250 millis", "60 seconds", "30 minutes". Sizes: bytes or "16 MiB". Lists of one element may be written without [].',
    "Each key is also an environment variable, which goes before the file: SYNPRINT_CAPTURE_BACKEND, SYNPRINT_SPOA_LISTEN=a,b",
    "Check: synprint spoa --config FILE --check. SIGHUP, or a change of the file, reloads it; a file with an error changes nothing, and a key that needs a restart is named in the log."
  ])
