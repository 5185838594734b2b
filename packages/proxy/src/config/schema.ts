/**
 * The proxy's tables without those of other programs: for its Workers, which get configurations by message, and for tests.
 */
import { backends } from "@synprint/backends"
import { ConfigSchema } from "@synprint/service/config"
import { proxyProgram } from "./program.ts"

export const proxySchema = new ConfigSchema([proxyProgram], backends)
