/**
 * A copy of the work tree in a temporary directory, in which sources may be broken. Its node_modules are the links that
 * `bun install` made, so that `@synprint/*` leads into the copy and other packages to those of the work tree.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { listFiles } from "../lib/repository-files.ts"

export interface TreeCopy {
  readonly path: string
  readonly remove: () => void
}

export function copyTree(root: string): TreeCopy {
  const directory = mkdtempSync(join(tmpdir(), "synprint-mutate-"))
  const path = join(directory, "tree")
  const files = listFiles(root)
  for (const file of files) {
    mkdirSync(dirname(join(path, file)), { recursive: true })
    cpSync(join(root, file), join(path, file))
  }
  symlinkSync(join(root, "node_modules"), join(path, "node_modules"))
  for (const file of files) {
    const own = join(dirname(file), "node_modules")
    const isWorkspace = file.endsWith("/package.json") && existsSync(join(root, own))
    if (isWorkspace) cpSync(join(root, own), join(path, own), { recursive: true, verbatimSymlinks: true })
  }
  // Captures lie beside a checkout.
  const shared = join(root, "../shared")
  if (existsSync(shared)) symlinkSync(shared, join(directory, "shared"))
  return { path, remove: () => rmSync(directory, { recursive: true, force: true }) }
}
