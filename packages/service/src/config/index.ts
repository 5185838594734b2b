/**
 * @synprint/service/config: what programs and backends describe their tables with. It loads nothing of what they run.
 */
export type { BackendModule, BackendOptions } from "../capture/backend.ts"
export { packetFeedProblems } from "./cross-check.ts"
export { printExample } from "./example.ts"
export { isLocal, printListenAddress } from "./listen-address.ts"
export { type Problem, problemAt } from "./problem.ts"
export { type ConfigOf, ConfigSchema, type Program, type ServiceConfig } from "./schema.ts"
export {
  type Decoded,
  finishedTable,
  key,
  optionalKey,
  optionalTable,
  subTable,
  table,
  tableList,
  type ValueKey
} from "./table.ts"
export {
  absolutePath,
  duration,
  expected,
  fileMode,
  flag,
  headerName,
  integer,
  list,
  listenAddresses,
  matching,
  networks,
  nonEmpty,
  oneOf,
  size,
  text,
  type Value
} from "./value.ts"
