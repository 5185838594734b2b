/**
 * Loaded before every test file (bunfig.toml): tests of `test/` start processes and wait for time-outs, for which Bun's 5 seconds
 * per test are too short on a busy machine.
 */
import { setDefaultTimeout } from "bun:test"

setDefaultTimeout(60_000)
