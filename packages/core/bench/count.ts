/** Counts how often a hint was reported in one kind of evidence. */
export interface Count {
  reported: number
  right: number
  /** Cases in which the hint had to be reported. */
  due: number
}
