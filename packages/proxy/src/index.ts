/**
 * @synprint/proxy: the reverse proxy that reports to the application behind it what sent the SYN of each client connection.
 */
export type { Config } from "./config/program.ts"
export { proxySchema } from "./config/schema.ts"
export { type Counters, makeCounters } from "./operations/counters.ts"
export { type EchoApplication, openEchoApplication } from "./echo-application.ts"
export { proxy } from "./program.ts"
export { ProxyServer, type ProxyServerOptions } from "./worker/proxy-server.ts"
export { Generation, type GenerationSettings } from "./routing/generation.ts"
