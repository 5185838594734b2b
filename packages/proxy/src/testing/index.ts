/**
 * @synprint/proxy/testing: what tests of the proxy share.
 */
export {
  type OracleField,
  type OracleReading,
  type OracleRequest,
  readChunked,
  readFields,
  readRequest,
  readRequests
} from "./oracle.ts"
export { chunked, mutate, randomRequest } from "./random-request.ts"
