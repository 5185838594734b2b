/** A page with all that pages have, loaded by headless Chromium through the proxy, plain and with TLS (bun run check --browser). */
import { afterAll, expect } from "bun:test"
import { selfSigned } from "../proxy/certificates.ts"
import { makeDirectory, startProxyProcess } from "../proxy/proxy-process.ts"
import { requires, testWith } from "../lib/requires.ts"

const NEEDS = [requires.binaries("chromium", "openssl")]
const directory = makeDirectory()
afterAll(() => directory.remove())

const IMAGES = 12
const UPLOAD = 300_000

/** Writes what worked into its own body, for --dump-dom. */
const SCRIPT = `
const results = {}
const done = (name, value) => { results[name] = value }
const images = Promise.all(Array.from({ length: ${IMAGES} }, (_, n) => new Promise((resolve) => {
  const image = new Image()
  image.onload = () => resolve(image.width)
  image.onerror = () => resolve(-1)
  image.src = "/image/" + n
})))
const upload = fetch("/upload", { method: "POST", body: new Uint8Array(${UPLOAD}) }).then((r) => r.text())
const events = new Promise((resolve) => {
  const source = new EventSource("/events")
  const got = []
  source.onmessage = ({ data }) => { got.push(data); if (got.length === 3) { source.close(); resolve(got.join()) } }
  source.onerror = () => resolve("error")
})
const socket = new Promise((resolve) => {
  const ws = new WebSocket(location.origin.replace("http", "ws") + "/socket")
  ws.onopen = () => ws.send("hello " + "x".repeat(70000))
  ws.onmessage = ({ data }) => { ws.close(); resolve(data.length) }
  ws.onerror = () => resolve("error")
})
const missing = fetch("/missing").then((r) => r.status)
Promise.all([images, upload, events, socket, missing]).then(([a, b, c, d, e]) => {
  done("images", a.filter((width) => width === 1).length)
  done("upload", b)
  done("events", c)
  done("socket", d)
  done("missing", e)
  done("style", getComputedStyle(document.body).color)
  document.getElementById("results").textContent = JSON.stringify(results)
})
`
const PAGE = `<!doctype html><html><head><link rel="stylesheet" href="/style.css"></head><body><pre id="results">nothing</pre><script src="/script.js"></script></body></html>`
/** A GIF of one pixel. */
const PIXEL = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64")

async function events(controller: ReadableStreamDefaultController<string>): Promise<void> {
  for (let n = 1; n <= 3; n++) {
    controller.enqueue(`data: ${n}\n\n`)
    await Bun.sleep(20)
  }
  controller.close()
}

for (const scheme of ["http", "https"] as const)
  testWith(
    NEEDS,
    `${scheme}: page, style, images, upload, events, WebSocket; every request with the headers of its connection`,
    async () => {
      const asked: Array<{ readonly path: string; readonly status: string | null; readonly proto: string | null }> = []
      const application = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        async fetch(request, server) {
          const { pathname } = new URL(request.url)
          const { headers } = request
          asked.push({ path: pathname, status: headers.get("x-tcp-status"), proto: headers.get("x-forwarded-proto") })
          if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html" } })
          if (pathname === "/style.css")
            return new Response("body { color: rgb(1, 2, 3) }", { headers: { "content-type": "text/css" } })
          if (pathname === "/script.js") return new Response(SCRIPT, { headers: { "content-type": "text/javascript" } })
          if (pathname.startsWith("/image/")) return new Response(PIXEL, { headers: { "content-type": "image/gif" } })
          if (pathname === "/upload") return new Response(String((await request.arrayBuffer()).byteLength))
          if (pathname === "/events") {
            const stream = new ReadableStream<string>({ start: (controller) => void events(controller) })
            return new Response(stream, { headers: { "content-type": "text/event-stream" } })
          }
          if (pathname === "/socket" && server.upgrade(request)) return undefined
          return new Response("no", { status: 404 })
        },
        websocket: { message: (socket, message) => void socket.send(message) }
      })
      const pair = await selfSigned(directory.path, "localhost")
      const tls = `[proxy.tls]\nlisten = "127.0.0.1:0"\n[[proxy.tls.certificates]]\ncertificate = "${pair.certificate}"\nkey = "${pair.key}"\n`
      const proxy = await startProxyProcess(
        `[capture]\nbackend = "saved-syn"\n[admin]\nlisten = []\n[proxy]\nlisten = "127.0.0.1:0"\nworkers = 2\n${tls}[[routes]]\nupstream = "http://127.0.0.1:${application.port}"\n`,
        directory.path
      )
      try {
        const browser = Bun.spawn(
          [
            "chromium",
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--ignore-certificate-errors",
            "--no-first-run",
            "--disable-background-networking",
            `--user-data-dir=${directory.path}/profile-${scheme}`,
            "--timeout=15000",
            "--virtual-time-budget=10000",
            "--dump-dom",
            `${scheme}://localhost:${proxy.ports[scheme === "http" ? 0 : 1]!}/`
          ],
          { stdout: "pipe", stderr: "pipe", timeout: 60_000 }
        )
        const [dom, complaint] = await Promise.all([
          new Response(browser.stdout).text(),
          new Response(browser.stderr).text()
        ])
        const shown = /<pre id="results">(.*?)<\/pre>/.exec(dom)?.[1] ?? `${dom}\n${complaint.slice(-2000)}`
        expect(shown).toBe(
          JSON.stringify({
            images: IMAGES,
            upload: String(UPLOAD),
            events: "1,2,3",
            socket: 70_006,
            missing: 404,
            style: "rgb(1, 2, 3)"
          })
        )
        expect(asked.length).toBeGreaterThanOrEqual(IMAGES + 7)
        expect(new Set(asked.map(({ status }) => status))).toEqual(new Set(["ok"]))
        expect(new Set(asked.map(({ proto }) => proto))).toEqual(new Set([scheme]))
        expect(proxy.log()).not.toContain("level=ERROR")
      } finally {
        await proxy.stop()
        await application.stop(true)
      }
    },
    90_000
  )
