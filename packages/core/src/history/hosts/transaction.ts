/**
 * Host transaction: one thread's access to hosts that other threads share (shared-hosts.ts), from `begin` to `commit`.
 *
 * Labels in the records are numbers of a database, so all threads must use the same one: each reload has a generation, and a thread whose
 * generation differs from that of the records leaves history alone.
 */
import type { ClockHostTable } from "./clock-host-table.ts"
import { carryOver } from "./reload.ts"
import type { Labels } from "./label-table.ts"
import type { SharedHosts } from "./shared-hosts.ts"

export class HostTransaction {
  readonly #shared: SharedHosts
  readonly #clock: ClockHostTable
  /** Generation of this thread's databases. */
  #generation: number

  constructor(shared: SharedHosts, clock: ClockHostTable, generation: number) {
    this.#shared = shared
    this.#clock = clock
    this.#generation = generation
  }

  /** False if another thread uses a different generation of the databases; the lock is then not held. */
  begin(): boolean {
    const shared = this.#shared
    shared.lock()
    if (shared.generation !== this.#generation) {
      shared.unlock()
      return false
    }
    this.#clock.load(shared)
    return true
  }

  commit(): void {
    this.#clock.save(this.#shared)
    this.#shared.unlock()
  }

  /** Loads the present numbers of the clock, for statistics. */
  refresh(): void {
    this.#clock.load(this.#shared)
  }

  /**
   * Switches to other databases. The first thread that has them converts the labels of all hosts; a thread that missed a generation does not
   * know the old labels, so they are dropped.
   */
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

/** undefined: no other thread shares the hosts. */
export function makeTransaction(
  shared: { readonly hosts: SharedHosts; readonly generation: number } | undefined,
  clock: ClockHostTable,
  labels: Labels
): HostTransaction | undefined {
  if (shared === undefined) return undefined
  const transaction = new HostTransaction(shared.hosts, clock, shared.generation)
  // No thread has switched to databases that were loaded while none was running.
  transaction.takeOver(undefined, labels, shared.generation)
  return transaction
}
