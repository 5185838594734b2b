/**
 * The whole configuration: every program's tables and every backend's. Commands import it when they need a configuration.
 */
import { backends } from "@synprint/backends"
import { agentProgram } from "@synprint/capture-xdp/agent-config"
import { proxyProgram } from "@synprint/proxy/config"
import { ConfigSchema } from "@synprint/service/config"
import { spoaProgram } from "@synprint/spoa/config"

export const programs = { spoa: spoaProgram, proxy: proxyProgram, agent: agentProgram } as const

export type ProgramName = keyof typeof programs

export const schema = new ConfigSchema([spoaProgram, proxyProgram, agentProgram], backends)
