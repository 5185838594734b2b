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

export abstract class TimerEntry {
  /** In milliseconds of the wheel; Infinity: none. */
  deadlineMs: number = Number.POSITIVE_INFINITY
  /** Of the wheel alone; `dueMs` is when it is looked at. */
  slot = -1
  dueMs = 0
  next: TimerEntry | undefined = undefined
  previous: TimerEntry | undefined = undefined
  abstract expired(): void
}

export class TimerWheel {
  /** Coarse clock: advances with every tick. */
  nowMs = 0
  readonly #slots: Array<TimerEntry | undefined> = Array.from({ length: SLOTS }, () => undefined)
  #tick = 0

  /** Nearly always an assignment: it is hung up anew only when it would be looked at too late. */
  schedule(entry: TimerEntry, inMs: number): void {
    const deadline = this.nowMs + inMs
    if (entry.slot >= 0 && deadline > entry.dueMs - TICK_MS) {
      entry.deadlineMs = deadline
      return
    }
    this.cancel(entry)
    entry.deadlineMs = deadline
    this.#insert(entry)
  }

  /** No deadline until the next is set: what is soon scheduled again stays where it hangs. */
  suspend(entry: TimerEntry): void {
    entry.deadlineMs = Number.POSITIVE_INFINITY
  }

  cancel(entry: TimerEntry): void {
    entry.deadlineMs = Number.POSITIVE_INFINITY
    if (entry.slot < 0) return
    if (entry.previous === undefined) this.#slots[entry.slot] = entry.next
    else entry.previous.next = entry.next
    if (entry.next !== undefined) entry.next.previous = entry.previous
    entry.slot = -1
    entry.next = entry.previous = undefined
  }

  /** Up to `nowMs`, calling `expired` of what is due. */
  advance(nowMs: number): void {
    const until = Math.floor(nowMs / TICK_MS)
    // After a long stop (SIGSTOP, a suspended machine) one round meets everything.
    if (until - this.#tick > SLOTS) this.#tick = until - SLOTS
    while (this.#tick < until) {
      this.#tick++
      this.nowMs = this.#tick * TICK_MS
      this.#advanceSlot(this.#tick & MASK)
    }
    this.nowMs = nowMs
  }

  #insert(entry: TimerEntry): void {
    // A slot that is being turned is not met again in this tick.
    const ticks = Math.max(1, Math.ceil(entry.deadlineMs / TICK_MS) - this.#tick)
    const at = this.#tick + Math.min(ticks, MASK)
    const slot = at & MASK
    entry.dueMs = at * TICK_MS
    const first = this.#slots[slot]
    entry.slot = slot
    entry.next = first
    entry.previous = undefined
    if (first !== undefined) first.previous = entry
    this.#slots[slot] = entry
  }

  #advanceSlot(slot: number): void {
    for (let entry = this.#slots[slot]; entry !== undefined; entry = this.#slots[slot]) {
      const deadline = entry.deadlineMs
      this.cancel(entry)
      if (deadline <= this.nowMs) entry.expired()
      else if (deadline !== Number.POSITIVE_INFINITY) {
        entry.deadlineMs = deadline
        this.#insert(entry)
      }
    }
  }
}
