/** Requests of one connection as the application received them: header lines, in the order of arrival. */
export interface Conversation {
  readonly address: string
  readonly requests: ReadonlyArray<ReadonlyArray<string>>
}
