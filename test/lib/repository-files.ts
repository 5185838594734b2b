/** The files of the repository: what git tracks and what it would add, as paths from the root. */
import { existsSync } from "node:fs"
import { join } from "node:path"

export function listFiles(root: string): ReadonlyArray<string> {
  const listed = Bun.spawnSync(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root })
  const names =
    listed.exitCode === 0
      ? listed.stdout
          .toString()
          .split("\0")
          .filter((name) => name !== "")
      : [...new Bun.Glob("**/*").scanSync({ cwd: root, dot: true })]
  return names.filter((name) => !/(^|\/)(node_modules|\.git|\.tools|dist)\//.test(name) && existsSync(join(root, name)))
}
