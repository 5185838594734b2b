/**
 * The one function that front ends call: connection -> chain of backends -> decode -> match -> history -> Answer.
 */
import type { Answer } from "../fingerprint/answer.ts"
import type { Connection } from "./capture.ts"

export interface Answerer {
  /**
   * Fills `into`. A client port of 0 in the key asks by address alone. Synchronous, never throws; a repeated question about a
   * connection gets the same answer until a SYN with another ISN is seen for the key.
   */
  readonly answer: (connection: Connection, into: Answer) => void
}
