/**
 * Parse error: the reason why a piece of database text cannot be read. A value, never thrown.
 */
export class ParseError {
  /** `field: what is wrong: what to do`. */
  readonly message: string
  /** Offset of the offending text; 0: its first character. */
  readonly offset: number

  constructor(message: string, offset: number) {
    this.message = message
    this.offset = offset
  }
}
