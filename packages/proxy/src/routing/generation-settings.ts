/**
 * The settings of a Generation from a configuration. Without a configuration file every request goes to the echo application; a configuration
 * without routes was refused before.
 */
import type { RouteConfig } from "../config/routes.ts"
import type { GenerationSettings } from "./generation.ts"
import type { WorkerSettings } from "../worker/message.ts"

const echoRoute = (target: string): RouteConfig => ({
  host: "*",
  path: "/",
  upstreams: [target],
  upstreamCa: "",
  upstreamName: "",
  forceNewConnection: false,
  healthCheck: "",
  stripPrefix: false,
  replacePrefix: "",
  setHost: "",
  addHeaders: [],
  removeHeaders: [],
  addResponseHeaders: [],
  removeResponseHeaders: []
})

export const generationSettings = ({ config, echo }: WorkerSettings): GenerationSettings => ({
  proxy: config.proxy,
  routes: echo === undefined ? config.routes : [echoRoute(echo)],
  headers: config.headers,
  hints: config.hints
})
