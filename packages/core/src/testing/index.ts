/**
 * @synprint/core/testing: what tests of all packages share.
 */
export { SHARED, sharedFile } from "./shared.ts"
