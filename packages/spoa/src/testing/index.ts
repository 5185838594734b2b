/**
 * @synprint/spoa/testing: HAProxy's side of the protocol, and agents over answers that a test makes up.
 */
export * from "./haproxy-frames.ts"
export { answererOf, testShape } from "./fixed-answerer.ts"
