/** The sources that users run, as opposed to tests, test support, benchmarks and scripts. Paths are from the root. */
import { readdirSync } from "node:fs"
import { join } from "node:path"

export const packageNames = (root: string): ReadonlyArray<string> =>
  readdirSync(join(root, "packages"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort()

export const isProductFile = (name: string): boolean =>
  /^packages\/[^/]+\/src\/.*\.ts$/.test(name) && !/\/testing\/|\.test\.ts$|\.d\.ts$/.test(name)

export const productFiles = (root: string, packageName: string): ReadonlyArray<string> =>
  [...new Bun.Glob(`packages/${packageName}/src/**/*.ts`).scanSync({ cwd: root })].filter(isProductFile).sort()
