/**
 * @synprint/proxy: the reverse proxy that tells the application behind it what sent the SYN of each client connection.
 */
export { backends } from "./backends.ts"
export { type Counters, makeCounters } from "./counters.ts"
export { proxyChecks } from "./doctor.ts"
export { type EchoApplication, openEchoApplication } from "./echo-application.ts"
export { proxy } from "./program.ts"
export { ProxyServer, type ProxyServerOptions } from "./proxy-server.ts"
export { Site, type SiteSettings } from "./site.ts"
