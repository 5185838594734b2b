/**
 * @synprint/spoa: the SPOE agent for HAProxy and the p0f API socket.
 */
export { Agent, type AgentSettings, type HttpObserver } from "./agent/agent.ts"
export { Arguments } from "./protocol/arguments.ts"
export { Counters } from "./agent/counters.ts"
export { Output } from "./protocol/output.ts"
export {
  askP0f,
  decodeReply,
  encodeQuery,
  type P0fAnswer,
  type P0fHost,
  printHost,
  query,
  QueryError
} from "./p0f-socket/client.ts"
export { P0fCounters, P0fSession, type Reply } from "./p0f-socket/session.ts"
export { type P0fSocketOptions, serveP0fSocket } from "./p0f-socket/socket.ts"
export { spoa } from "./agent/program.ts"
export { type AgentServerOptions, openListener, type OpenError, serveAgent } from "./agent/server.ts"
export { ACK_MAX_PIPELINED, type NotifyHandler, Session, type SessionSettings } from "./protocol/session.ts"
export type { SocketFile } from "@synprint/service"
export { VariableWriter } from "./protocol/variables.ts"
