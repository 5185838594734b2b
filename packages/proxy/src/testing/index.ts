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
export { type OracleResponse, readResponse, type ResponseReading } from "./oracle-response.ts"
export { randomResponse } from "./random-response.ts"
export { chunked, mutate, randomRequest } from "./random-request.ts"
export { answerHeads, type FakeUpstream, openFakeUpstream, type UpstreamSide } from "./fake-upstream.ts"
export { RawClient } from "./raw-client.ts"
export { WITH_LINES } from "./line-protocol.ts"
export { type RunningProxy, settingsOf, startProxy } from "./running-proxy.ts"
export { ANSWERING_CASES, FORWARDING_CASES } from "./message-cases.ts"
export { CHUNK_CASES, REQUEST_CASES } from "./request-cases.ts"
export { openListeningSocket } from "@synprint/linux/sockets"
export { proxyConfig } from "./config.ts"
