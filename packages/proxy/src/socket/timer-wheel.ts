/**
 * Timer wheel: deadlines of any number of connections on one interval. A deadline that moves later costs one assignment.
 *
 *     slot 0   1   2   ...  511     one slot per tick of TICK_MS; later deadlines come round again
 *          |   |
 *          a-b c                    doubly linked through the timed things themselves
 *
 * A thing is looked at when its slot comes: if its deadline has moved, it is hung up again. Late by TICK_MS at most.
 */
export const TICK_MS = 100
const SLOTS = 512
const MASK = SLOTS - 1

export abstract class Timed {
  /** In milliseconds of the wheel; Infinity: none. */
  deadlineMs: number = Number.POSITIVE_INFINITY
  /** Of the wheel alone; `dueMs` is when it is looked at. */
  slot = -1
  dueMs = 0
  next: Timed | undefined = undefined
  previous: Timed | undefined = undefined
  abstract expired(): void
}

export class TimerWheel {
  /** Coarse clock: advances with every tick. */
  nowMs = 0
  readonly #slots: Array<Timed | undefined> = Array.from({ length: SLOTS }, () => undefined)
  #tick = 0

  /** Nearly always an assignment: it is hung up anew only when it would be looked at too late. */
  schedule(timed: Timed, inMs: number): void {
    const deadline = this.nowMs + inMs
    if (timed.slot >= 0 && deadline > timed.dueMs - TICK_MS) {
      timed.deadlineMs = deadline
      return
    }
    this.cancel(timed)
    timed.deadlineMs = deadline
    this.#hang(timed)
  }

  /** No deadline until the next is set: what is soon scheduled again stays where it hangs. */
  suspend(timed: Timed): void {
    timed.deadlineMs = Number.POSITIVE_INFINITY
  }

  cancel(timed: Timed): void {
    timed.deadlineMs = Number.POSITIVE_INFINITY
    if (timed.slot < 0) return
    if (timed.previous === undefined) this.#slots[timed.slot] = timed.next
    else timed.previous.next = timed.next
    if (timed.next !== undefined) timed.next.previous = timed.previous
    timed.slot = -1
    timed.next = timed.previous = undefined
  }

  /** Up to `nowMs`, calling `expired` of what is due. */
  advance(nowMs: number): void {
    const until = Math.floor(nowMs / TICK_MS)
    // After a long stop (SIGSTOP, a suspended machine) one round meets everything.
    if (until - this.#tick > SLOTS) this.#tick = until - SLOTS
    while (this.#tick < until) {
      this.#tick++
      this.nowMs = this.#tick * TICK_MS
      this.#turn(this.#tick & MASK)
    }
    this.nowMs = nowMs
  }

  #hang(timed: Timed): void {
    // A slot that is being turned is not met again in this tick.
    const ticks = Math.max(1, Math.ceil(timed.deadlineMs / TICK_MS) - this.#tick)
    const at = this.#tick + Math.min(ticks, MASK)
    const slot = at & MASK
    timed.dueMs = at * TICK_MS
    const first = this.#slots[slot]
    timed.slot = slot
    timed.next = first
    timed.previous = undefined
    if (first !== undefined) first.previous = timed
    this.#slots[slot] = timed
  }

  #turn(slot: number): void {
    for (let timed = this.#slots[slot]; timed !== undefined; timed = this.#slots[slot]) {
      const deadline = timed.deadlineMs
      this.cancel(timed)
      if (deadline <= this.nowMs) timed.expired()
      else if (deadline !== Number.POSITIVE_INFINITY) {
        timed.deadlineMs = deadline
        this.#hang(timed)
      }
    }
  }
}
