/** What the application received for the requests of one connection: header lines, in the order of arrival. */
export interface Conversation {
  readonly address: string
  readonly requests: ReadonlyArray<ReadonlyArray<string>>
}
