/** Makes COUNT TCP connections to HOST PORT, one after the other with PAUSE ms between, each closed at once; prints how many succeeded. */
const [host, port, count, pauseMs] = [process.argv[2]!, ...process.argv.slice(3).map(Number)] as [
  string,
  number,
  number,
  number
]
let made = 0
for (let n = 0; n < count; n++) {
  if (pauseMs > 0) await Bun.sleep(pauseMs)
  await new Promise<void>((resolve) => {
    Bun.connect({
      hostname: host,
      port,
      socket: {
        open(socket) {
          made++
          socket.end()
        },
        data() {},
        close: () => resolve(),
        connectError: () => resolve()
      }
    }).catch(() => resolve())
  })
}
console.log(made)
export {}
