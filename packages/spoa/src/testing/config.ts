/**
 * Configurations of the agent, without the tables of other programs.
 */
import { backends } from "@synprint/backends"
import { ConfigSchema } from "@synprint/service/config"
import { configTexts } from "@synprint/service/testing"
import { spoaProgram } from "../config.ts"

export const spoaSchema = new ConfigSchema([spoaProgram], backends)

export const spoaConfig = configTexts(spoaSchema, spoaProgram)
