/**
 * @synprint/spoa/testing: HAProxy's side of the protocol, and agents over answers that a test makes up.
 */
export { FakeHaproxy, type FakeHaproxyOptions, IN_FLIGHT_MAX } from "./fake-haproxy.ts"
export { lookupOf, testFingerprint } from "./fixed-answerer.ts"
export * from "./haproxy-frames.ts"
export { opened, type Opened } from "./opened.ts"
