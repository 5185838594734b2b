/**
 * Progress bar of `read` on a terminal: one line that is drawn over, at most ten times a second.
 */
const WIDTH = 24
const EVERY_MS = 100

export class ReadProgress {
  readonly #write: (text: string) => void
  #name = ""
  #size: number | undefined
  #nextMs = 0

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  /** `size` is undefined for a pipe. */
  begin(name: string, size: number | undefined): void {
    this.#name = name === "-" ? "stdin" : (name.split("/").at(-1) ?? name)
    this.#size = size
    this.#nextMs = 0
  }

  show(bytes: number, packets: number): void {
    const now = performance.now()
    if (now < this.#nextMs) return
    this.#nextMs = now + EVERY_MS
    this.#write(`\r\x1b[K${this.line(bytes, packets)}`)
  }

  end(): void {
    this.#write("\r\x1b[K")
  }

  line(bytes: number, packets: number): string {
    const counted = `${(bytes / 1e6).toFixed(0)} MB, ${packets.toLocaleString("en-US")} packets`
    if (this.#size === undefined || this.#size === 0) return `${this.#name}: ${counted}`
    const part = Math.min(1, bytes / this.#size)
    const full = Math.round(part * WIDTH)
    return `${this.#name} [${"#".repeat(full)}${" ".repeat(WIDTH - full)}] ${String(Math.floor(part * 100)).padStart(3)} %  ${counted}`
  }
}
