/**
 * @synprint/spoa: the SPOE agent for HAProxy and the p0f API socket.
 */
export { ACK_MAX_PIPELINED } from "./action.ts"
export { Agent, type AgentSettings, type HttpObserver } from "./agent.ts"
export { Arguments } from "./arguments.ts"
export { backends } from "./backends.ts"
export { Counters } from "./counters.ts"
export { Output } from "./output.ts"
export {
  askP0f,
  decodeReply,
  encodeQuery,
  type P0fAnswer,
  type P0fHost,
  printHost,
  query,
  QueryError
} from "./p0f-client.ts"
export { FRIENDLY_REPLY_SIZE, P0fCounters, P0fSession, QUERY_SIZE, type Reply, REPLY_SIZE } from "./p0f-session.ts"
export { type P0fSocketOptions, serveP0fSocket } from "./p0f-socket.ts"
export { spoa } from "./program.ts"
export { type AgentServerOptions, openListener, type OpenError, serveAgent } from "./server.ts"
export { type NotifyHandler, Session, type SessionSettings } from "./session.ts"
export type { SocketFile } from "@synprint/core/runtime"
export { VariableWriter } from "./variables.ts"
