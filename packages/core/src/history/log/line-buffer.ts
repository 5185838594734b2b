/**
 * Line buffer: lines of a log on their way out, handed over many at a time.
 */
const FLUSH_CHARACTERS = 1 << 16

export class LineBuffer {
  readonly #write: (text: string) => void
  #text = ""

  /** `write` is given whole lines. */
  constructor(write: (text: string) => void) {
    this.#write = write
  }

  add(line: string): void {
    this.#text += line
    if (this.#text.length >= FLUSH_CHARACTERS) this.flush()
  }

  flush(): void {
    if (this.#text === "") return
    const text = this.#text
    this.#text = ""
    this.#write(text)
  }
}
