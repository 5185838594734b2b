/**
 * The program `agent` as its configuration sees it: [capture], [admin], [log] and [reload].
 */
import type { Program } from "@synprint/service/config"

export const agentProgram: Program = {
  name: "agent",
  tables: {},
  ignores: ["fingerprint", "history", "hints"],
  refuses: {},
  adminPort: 9103,
  onlyBackend: "xdp",
  matches: false,
  wantsPackets: () => false,
  listeners: () => [],
  check: () => [],
  files: () => [],
  checkFiles: () => [],
  doctor: async () => []
}
