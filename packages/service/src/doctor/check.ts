/**
 * Makes one line of `doctor`.
 */
import type { Check } from "../capture/backend.ts"

/** `next` is given with warn and fail. */
export const check = (name: string, result: Check["result"], detail: string, next?: string): Check => ({
  name,
  result,
  detail,
  next
})
