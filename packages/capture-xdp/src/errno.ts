/**
 * Error numbers of Linux (asm-generic/errno-base.h, errno.h) that this backend acts on, and their names for messages.
 */
import { read } from "bun:ffi"
import { getSystemErrorMap } from "node:util"
import type { Libc } from "./libc.ts"

export const EPERM = 1
export const ENOENT = 2
export const ENOMEM = 12
export const EACCES = 13
export const EBUSY = 16
export const EEXIST = 17
export const ENODEV = 19
export const EINVAL = 22
export const ERANGE = 34
export const ENOSYS = 38
export const EOPNOTSUPP = 95

/** Returns a text such as `EBUSY, resource busy or locked` for a number of either sign. */
export function errorName(error: number): string {
  const number = Math.abs(error)
  if (number === EOPNOTSUPP) return "EOPNOTSUPP, operation not supported"
  const known = getSystemErrorMap().get(-number)
  return known === undefined ? `error ${number}` : `${known[0]}, ${known[1]}`
}

/** Returns errno of the last call; use it for the text of a message only. */
export function lastErrno(c: Libc): number {
  return read.i32(c.__errno_location()!, 0)
}
