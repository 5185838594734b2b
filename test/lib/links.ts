/** The usual set-up of a capture's tests: a namespace of clients and veth pairs to it, for all tests of a file. */
import { afterAll } from "bun:test"
import { connect, type Link, makeNamespace, type Namespace } from "./netns.ts"
import type { Requirement } from "./requires.ts"

export interface ClientLinks {
  readonly client: Namespace
  readonly one: Link
  readonly two: Link
}

/**
 * Makes them unless `needs` are not met (no test runs then), and removes them after the file's last test. `here` of each link is in
 * this process's own namespace.
 */
export async function clientLinks(needs: ReadonlyArray<Requirement>, mtu = 1500): Promise<ClientLinks> {
  if (needs.some(({ missing }) => missing !== undefined)) return {} as ClientLinks
  const owned = new AsyncDisposableStack()
  afterAll(() => owned.disposeAsync())
  const client = owned.use(await makeNamespace())
  const one = owned.use(await connect(undefined, client, mtu))
  const two = owned.use(await connect(undefined, client, mtu))
  return { client, one, two }
}
