/** A proxy of this process before an upstream of the test; closed by `closeAll` in afterEach, which also looks for bugs. */
import { expect } from "bun:test"
import { answerHeads, type FakeUpstream, openFakeUpstream, RawClient } from "../../packages/proxy/src/testing/index.ts"
import { makeDirectory, type ProxyProcess, startProxyProcess } from "./proxy-process.ts"
import { type RunningProxy, startProxy, type UpstreamSide } from "../../packages/proxy/src/testing/index.ts"

export const OK = "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 2\r\n\r\nok"
export const GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
export const whole = (text: string): boolean => text.endsWith("ok")
export const count = (text: string, part: string): number => text.split(part).length - 1

const closers: Array<() => unknown> = []
const proxies: Array<RunningProxy> = []

export const closeLater = (close: () => unknown): void => void closers.push(close)

export async function closeAll(): Promise<void> {
  // An exception in a handler ends its connection and would go unnoticed.
  const bugs = proxies.splice(0).flatMap((proxy) => proxy.bugs)
  for (const close of closers.splice(0)) await close()
  expect(bugs).toEqual([])
}

export async function openProxy(config: string): Promise<RunningProxy> {
  const proxy = await startProxy(config)
  closeLater(() => proxy.close())
  proxies.push(proxy)
  return proxy
}

/** Like `openProxy`, but a process of its own with its Workers; `closeAll` ends it too. */
export async function openProxyProcess(config: string): Promise<ProxyProcess> {
  const directory = makeDirectory()
  let proxy: ProxyProcess | undefined
  closeLater(async () => {
    await proxy?.stop("SIGKILL")
    directory.remove()
  })
  proxy = await startProxyProcess(config, directory.path)
  return proxy
}

export function openUpstream(receive: (side: UpstreamSide) => void = answerHeads(OK)): FakeUpstream {
  const upstream = openFakeUpstream(receive)
  closeLater(() => upstream.close())
  return upstream
}

export interface Setup {
  readonly proxy: RunningProxy
  readonly upstream: FakeUpstream
  readonly connect: () => Promise<RawClient>
}

/** `route`: lines of its [[routes]]; `tables`: before it. */
export async function setUp(receive?: (side: UpstreamSide) => void, route = "", tables = ""): Promise<Setup> {
  const upstream = openUpstream(receive)
  const proxy = await openProxy(`${tables}\n[[routes]]\nupstream = "${upstream.target}"\n${route}`)
  return { proxy, upstream, connect: () => RawClient.connect(proxy.port) }
}
