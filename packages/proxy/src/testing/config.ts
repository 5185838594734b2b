/**
 * Configurations of the proxy, without the tables of other programs.
 */
import { configTexts } from "@synprint/service/testing"
import { proxyProgram } from "../config/program.ts"
import { proxySchema } from "../config/schema.ts"

export const proxyConfig = configTexts(proxySchema, proxyProgram)
