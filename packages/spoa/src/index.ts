/**
 * The SPOE agent: public names.
 */
export { Agent, type AgentSettings, type HttpObserver } from "./agent.ts"
export { Counters } from "./counters.ts"
export { Session, type NotifyHandler, type SessionSettings } from "./session.ts"
export { VariableWriter } from "./variables.ts"
