/**
 * Seen system: a system of an address as sharing.ts keeps it. Instances are reused.
 */
export class SeenSystem {
  /** The class of stack-class.ts. */
  stack = 0
  /** Interface MSS, distance and flags. */
  system = 0
  /** Unix second, as int32, in which it was seen. */
  sec = 0

  set(stack: number, system: number, sec: number): void {
    this.stack = stack
    this.system = system
    this.sec = sec
  }
}
