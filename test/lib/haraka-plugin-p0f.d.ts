/** The part of npm haraka-plugin-p0f that the tests use; the package has no types of its own. */
declare module "haraka-plugin-p0f" {
  import type { Socket } from "node:net"
  export class P0FClient {
    constructor(path: string)
    readonly sock: Socket
    query(ip: string, callback: (error: Error | null, reply: Record<string, unknown> | null) => void): void
    shutdown(): void
  }
}
