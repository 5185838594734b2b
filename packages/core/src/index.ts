/**
 * @synprint/core: the pure names, re-exported one by one.
 */
export { Answer } from "./fingerprint/answer.ts"
export { FIELDS, type Field, RESERVED_PREFIXES, STATUSES, type Status, isReservedHeader } from "./fingerprint/fields.ts"
export { type Direction, REQUEST, RESPONSE, type Shape } from "./fingerprint/shape.ts"
