/**
 * Time stamps of a pcapng interface: 64-bit ticks of if_tsresol since 1970 (+ if_tsoffset) to seconds and microseconds.
 *
 * The high word changes every 71 minutes (microseconds) or 4 seconds (nanoseconds), so its quotient and remainder are kept and the
 * division of a packet needs no more than 53 bits. Ticks too fine for that go the slow way over BigInt.
 */

export interface Clock {
  sec: number
  usec: number
  /** Two unsigned words. */
  readonly set: (high: number, low: number) => void
}

/** Above this, remainder + low word or remainder * 10^6 would not fit 53 bits. */
const MAX_FAST_UNITS = 2 ** 33

/** `resolution` is the if_tsresol byte: 10^-n, or 2^-n with the top bit set. */
export function makeClock(resolution: number, offsetSec: number): Clock {
  const exponent = resolution & 0x7f
  const isBinary = (resolution & 0x80) !== 0
  const units = isBinary ? 2 ** exponent : 10 ** exponent
  return units <= MAX_FAST_UNITS
    ? new FastClock(units, offsetSec)
    : new ExactClock(isBinary ? 1n << BigInt(exponent) : 10n ** BigInt(exponent), offsetSec)
}

class FastClock implements Clock {
  sec = 0
  usec = 0
  readonly #units: number
  readonly #offsetSec: number
  #high = -1
  #baseSec = 0
  #baseUnits = 0

  constructor(units: number, offsetSec: number) {
    this.#units = units
    this.#offsetSec = offsetSec
  }

  set(high: number, low: number): void {
    if (high !== this.#high) {
      const ticks = BigInt(high) << 32n
      const units = BigInt(this.#units)
      this.#high = high
      this.#baseSec = Number(BigInt.asUintN(32, ticks / units))
      this.#baseUnits = Number(ticks % units)
    }
    const units = this.#units
    const ticks = this.#baseUnits + low
    const sec = Math.floor(ticks / units)
    const rest = ticks - sec * units
    this.sec = (this.#baseSec + sec + this.#offsetSec) % 4294967296
    this.usec = units === 1_000_000 ? rest : Math.floor((rest * 1_000_000) / units)
    if (this.sec < 0) this.sec += 4294967296
  }
}

class ExactClock implements Clock {
  sec = 0
  usec = 0
  readonly #units: bigint
  readonly #offsetSec: number

  constructor(units: bigint, offsetSec: number) {
    this.#units = units
    this.#offsetSec = offsetSec
  }

  set(high: number, low: number): void {
    const ticks = (BigInt(high) << 32n) | BigInt(low)
    this.sec = Number(BigInt.asUintN(32, ticks / this.#units + BigInt(this.#offsetSec)))
    this.usec = Number(((ticks % this.#units) * 1_000_000n) / this.#units)
  }
}
