/**
 * @synprint/service/testing: what tests of the front ends share.
 */
export { type ConfigTexts, configTexts } from "./config-texts.ts"
export { type FakeBackend, type FakeModule, makeFakeBackend, makeFakeModule } from "./fake-backend.ts"
export { doctorOf, openBackend } from "./open-backend.ts"
export { plainProgram } from "./programs.ts"
export { keysThatSay, type TrackedConfig, trackConfig } from "./tracked-config.ts"
export { type ReloadWalk, type WalkedKeys, walkReloads } from "./reload-walk.ts"
