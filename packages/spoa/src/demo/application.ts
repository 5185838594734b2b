/** The application behind HAProxy: answers with the request head that it received. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { DemoError } from "./error.ts"

/** Listens on a unix socket, as that is reached from every network namespace. */
export const serveApplication = (socketPath: string): Effect.Effect<void, DemoError, Scope.Scope> =>
  Effect.asVoid(
    Effect.acquireRelease(
      Effect.try({
        try: () =>
          Bun.listen<{ head: string }>({
            unix: socketPath,
            socket: {
              open(socket) {
                socket.data = { head: "" }
              },
              data(socket, chunk) {
                const head = socket.data.head + chunk.toString("latin1")
                if (!head.endsWith("\r\n\r\n")) {
                  socket.data.head = head
                  return
                }
                socket.data.head = ""
                socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${head.length}\r\n\r\n${head}`)
              }
            }
          }),
        catch: (cause) =>
          new DemoError({
            attempted: `listen on ${socketPath}`,
            reason: String(cause),
            hint: "is TMPDIR writable?",
            cause
          })
      }),
      (listener) => Effect.sync(() => listener.stop(true))
    )
  )
