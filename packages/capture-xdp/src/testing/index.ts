/**
 * @synprint/capture-xdp/testing runs the program without an interface, for tests and benchmarks that need root.
 */
export { ALL_SYNS, openTestProgram, openTestRun, type TestProgram, type TestRun } from "./program.ts"
export { attachClsactForTest } from "./attach.ts"
export { loadOther } from "./other-program.ts"
