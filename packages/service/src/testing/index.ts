/**
 * @synprint/service/testing: what tests of the front ends share.
 */
export { type FakeBackend, type FakeModule, makeFakeBackend, makeFakeModule } from "./fake-backend.ts"
