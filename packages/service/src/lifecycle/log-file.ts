/**
 * A file that observations are appended to, by p0f's rules (p0f.c: open_log): created 0600, never through a symbolic link, a
 * regular file, locked. Imports nothing of Effect: `read -o` starts with it.
 */
import { dlopen, FFIType } from "bun:ffi"
import { closeSync, constants, fstatSync, openSync } from "node:fs"
import { writeAll } from "./write-all.ts"

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants
const MODE = 0o600
/** sys/file.h */
const LOCK_EX = 2
const LOCK_NB = 4

export class LogFileError extends Error {
  override readonly name = "LogFileError"
}

const WHY: Readonly<Record<string, string>> = {
  ELOOP: "it is a symbolic link (name the file itself)",
  EISDIR: "it is a directory (name a file in it)",
  EACCES: "the process may not write it (check its owner, its mode and its directory)",
  ENOENT: "its directory is missing (create it)",
  ENXIO: "it is no regular file (name another)",
  EROFS: "the file system is read-only (name a file elsewhere; under systemd: ReadWritePaths= or LogsDirectory=)"
}

function open(path: string): number {
  const flags = O_WRONLY | O_APPEND | O_NOFOLLOW
  try {
    return openSync(path, flags | O_CREAT | O_EXCL, MODE)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw cause
    return openSync(path, flags | O_NONBLOCK) // O_NONBLOCK: a pipe without a reader would hang here
  }
}

/** flock(2) is in no module of Bun or node. */
function lockFile(descriptor: number): boolean {
  const libc = dlopen("libc.so.6", { flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } })
  const taken = libc.symbols.flock(descriptor, LOCK_EX | LOCK_NB) === 0
  libc.close()
  return taken
}

export class LogFile {
  readonly path: string
  #descriptor: number

  /** Throws a LogFileError that says what to do. */
  constructor(path: string) {
    this.path = path
    this.#descriptor = this.#open()
  }

  #open(): number {
    let descriptor: number
    try {
      descriptor = open(this.path)
    } catch (cause) {
      const code = (cause as NodeJS.ErrnoException).code ?? String(cause)
      throw new LogFileError(`cannot write ${this.path}: ${WHY[code] ?? code}`, { cause })
    }
    const refuse = (why: string): never => {
      closeSync(descriptor)
      throw new LogFileError(`cannot write ${this.path}: ${why}`)
    }
    if (!fstatSync(descriptor).isFile()) refuse(WHY["ENXIO"]!)
    if (!lockFile(descriptor)) refuse("another process writes it (stop that or name another file)")
    return descriptor
  }

  /** For write-behind.ts, until `reopen` or `close`. */
  get descriptor(): number {
    return this.#descriptor
  }

  /** All of it. Throws what the system says: no space, quota. */
  write(bytes: Uint8Array): void {
    writeAll(this.#descriptor, bytes)
  }

  /** After logrotate moved the file: on with a new one. Keeps the old one when that can't be opened, and throws. */
  reopen(): void {
    const opened = this.#open()
    closeSync(this.#descriptor)
    this.#descriptor = opened
  }

  close(): void {
    closeSync(this.#descriptor)
  }
}
