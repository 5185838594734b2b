/** probe.ts as one file that uid 65534 can read, in a directory of the test. */
import { afterAll, beforeAll } from "bun:test"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { bundle } from "../lib/capability.ts"
import { isMissing } from "./needs.ts"

export interface ProbeBundle {
  /** Empty until the tests run. */
  readonly directory: string
  readonly probe: string
}

export function probeBundle(needs: Parameters<typeof isMissing>[0]): ProbeBundle {
  const made = { directory: "", probe: "" }
  beforeAll(async () => {
    if (isMissing(needs)) return
    made.directory = fs.mkdtempSync(path.join(os.tmpdir(), "synprint-"))
    fs.chmodSync(made.directory, 0o755)
    made.probe = await bundle(`${import.meta.dir}/probe.ts`, made.directory)
  })
  afterAll(() => {
    if (made.directory !== "") fs.rmSync(made.directory, { recursive: true, force: true })
  })
  return made
}
