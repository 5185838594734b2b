/**
 * Captured frame: bytes from a link, and what a capture says of them. A source of frames reuses one instance: it is valid during the call of
 * the sink only.
 */
const NONE = new Uint8Array(0)

export class CapturedFrame {
  bytes: Uint8Array = NONE
  /** Offset of the link header in `bytes`. */
  at = 0
  /** Captured length. */
  captured = 0
  /** Length on the wire. */
  wire = 0
  linkType = 0
  /** Unix seconds, unsigned. */
  sec = 0
  /** Microseconds as written, which may exceed 999999 or be negative. */
  usec = 0
}
