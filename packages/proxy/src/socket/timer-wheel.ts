/**
 * Timer wheel: deadlines of any number of connections on one interval. Moving a deadline to a later time costs one assignment.
 *
 *     slot 0   1   2   ...  511     one slot per tick of TICK_MS; later deadlines wrap around
 *          |   |
 *          a-b c                    doubly linked through the entries themselves
 *
 * An entry whose deadline has moved is rescheduled when its slot comes up. An entry expires at most TICK_MS late.
 */
export const TICK_MS = 100
const SLOTS = 512
const MASK = SLOTS - 1

export interface Expirable {
  expired(): void
}

/** The deadline of its owner. */
export class TimerEntry {
  readonly owner: Expirable
  /** In milliseconds of the wheel; Infinity: none. */
  deadlineMs: number = Number.POSITIVE_INFINITY
  // The wheel's own: `dueMs` is the time at which it looks at the entry.
  slot = -1
  dueMs = 0
  next: TimerEntry | undefined = undefined
  previous: TimerEntry | undefined = undefined

  constructor(owner: Expirable) {
    this.owner = owner
  }
}

export class TimerWheel {
  /** Coarse clock: advances with every tick. */
  nowMs = 0
  readonly #slots: Array<TimerEntry | undefined> = Array.from({ length: SLOTS }, () => undefined)
  #tick = 0

  /** Sets the deadline. This is nearly always one assignment: the entry moves only if the wheel would look at it too late. */
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

  /** Removes the deadline and keeps the entry in its slot, for an entry that is soon scheduled again. */
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

  /** Advances to `nowMs` and calls `expired` of the owners whose deadline has passed. */
  advance(nowMs: number): void {
    const until = Math.floor(nowMs / TICK_MS)
    // After a long stop (SIGSTOP, a suspended machine) one round visits every slot.
    if (until - this.#tick > SLOTS) this.#tick = until - SLOTS
    while (this.#tick < until) {
      this.#tick++
      this.nowMs = this.#tick * TICK_MS
      this.#advanceSlot(this.#tick & MASK)
    }
    this.nowMs = nowMs
  }

  #insert(entry: TimerEntry): void {
    // At least one tick ahead: the current slot is already being processed.
    const ticks = Math.max(1, Math.ceil(entry.deadlineMs / TICK_MS) - this.#tick)
    const dueTick = this.#tick + Math.min(ticks, MASK)
    const slot = dueTick & MASK
    entry.dueMs = dueTick * TICK_MS
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
      if (deadline <= this.nowMs) entry.owner.expired()
      else if (deadline !== Number.POSITIVE_INFINITY) {
        entry.deadlineMs = deadline
        this.#insert(entry)
      }
    }
  }
}
