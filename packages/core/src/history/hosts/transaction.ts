/**
 * Host turn: one thread's use of hosts that other threads know too (shared-hosts.ts), from `enter` to `leave`.
 *
 * Labels in the records are numbers of a database, so all threads must read the same one: each reload has a number, and who is not at
 * the number of the records leaves history alone.
 */
import type { ClockHostTable } from "./clock-host-table.ts"
import { carryOver } from "./reload.ts"
import type { Labels } from "./label-table.ts"
import type { SharedHosts } from "./shared-hosts.ts"

export class HostTurn {
  readonly #shared: SharedHosts
  readonly #clock: ClockHostTable
  /** Of this thread's databases. */
  #generation: number

  constructor(shared: SharedHosts, clock: ClockHostTable, generation: number) {
    this.#shared = shared
    this.#clock = clock
    this.#generation = generation
  }

  /** False: other threads read other databases already, or still; there is nothing to leave. */
  enter(): boolean {
    const shared = this.#shared
    shared.lock()
    if (shared.generation !== this.#generation) {
      shared.unlock()
      return false
    }
    this.#clock.load(shared)
    return true
  }

  leave(): void {
    this.#clock.save(this.#shared)
    this.#shared.unlock()
  }

  /** The numbers of the clock as they are now, for statistics. */
  look(): void {
    this.#clock.load(this.#shared)
  }

  /** The first thread that has new databases does it for all; one that missed some can't say what the old labels said: they are forgotten. */
  takeOver(from: Labels | undefined, to: Labels, generation: number = this.#generation + 1): void {
    const shared = this.#shared
    shared.lock()
    if (shared.generation < generation) {
      this.#clock.load(shared)
      carryOver(this.#clock, shared.generation === this.#generation ? from : undefined, to)
      shared.generation = generation
    }
    shared.unlock()
    this.#generation = generation
  }
}

/** undefined: hosts are this thread's alone. */
export function makeTurn(
  shared: { readonly hosts: SharedHosts; readonly generation: number } | undefined,
  clock: ClockHostTable,
  labels: Labels
): HostTurn | undefined {
  if (shared === undefined) return undefined
  const turn = new HostTurn(shared.hosts, clock, shared.generation)
  // Nobody took over databases that came while no thread was there.
  turn.takeOver(undefined, labels, shared.generation)
  return turn
}
