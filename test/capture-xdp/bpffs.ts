/** A bpf file system of one test; unmounted when it is disposed of. */
import { chmodSync, mkdtempSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export function mountBpffs(): Disposable & { readonly pin: string; readonly root: string } {
  const root = mkdtempSync(join(tmpdir(), "synprint-bpffs-"))
  const mounted = Bun.spawnSync(["mount", "-t", "bpf", "bpf", root], { stderr: "pipe" })
  if (mounted.exitCode !== 0) throw new Error(`mount -t bpf: ${mounted.stderr.toString()}`)
  chmodSync(root, 0o755)
  return {
    root,
    pin: join(root, "synprint"),
    [Symbol.dispose]: () => {
      // Lazily: a process that was just killed may still be on its way out.
      Bun.spawnSync(["umount", "--lazy", root])
      rmdirSync(root)
    }
  }
}
