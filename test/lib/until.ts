/** Waits until `isSo` holds. */
export async function until(isSo: () => boolean, what: string, timeoutMs = 20_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`after ${timeoutMs} ms still not: ${what}`)
    await Bun.sleep(10)
  }
}
