/** Makes COUNT TCP connections to HOST PORT, one after the other, each closed at once; prints how many succeeded. */
const [host, port, count] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4] ?? 1)]
let made = 0
for (let n = 0; n < count; n++) {
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
