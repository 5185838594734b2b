/** Limits of an observer whose test sees few hosts. */
export const SMALL_HISTORY = { maxFlows: 16, maxHosts: 64, flowAgeSeconds: 30, hostIdleMinutes: 30 } as const
