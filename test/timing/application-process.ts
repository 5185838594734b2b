/**
 * The application behind the front ends of the timing tests: prints one line of JSON per request, its path and the headers about the
 * connection. `/page/KIND/COUNT` is a page whose script asks for `/KIND/0` to `/KIND/COUNT-1`, four at a time.
 *
 *     bun application-process.ts PORT
 */
const NAMES = ["x-tcp-status", "x-tcp-rtt", "x-tls-chello-delay", "x-tls-rtt", "x-tcp-hints"]

const page = (kind: string, count: number): string => `<!doctype html><script>
let next = 0
const ask = async () => {
  while (next < ${count}) await fetch("/${kind}/" + next++, { cache: "no-store" }).then((r) => r.text(), () => {})
}
for (let i = 0; i < 4; i++) ask()
</script>`

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch: ({ url, headers }) => {
    const { pathname } = new URL(url)
    const asked = /^\/page\/([^/]+)\/(\d+)$/.exec(pathname)
    if (asked !== null)
      return new Response(page(asked[1]!, Number(asked[2])), { headers: { "content-type": "text/html" } })
    const received = Object.fromEntries(NAMES.map((name) => [name, headers.get(name)]))
    process.stdout.write(`${JSON.stringify({ path: pathname, ...received })}\n`)
    return new Response("ok")
  }
})
