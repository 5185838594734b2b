/**
 * @synprint/linux/sockets: sockets by libc. Importing it loads bun:ffi (3 ms), so programs that need no socket import @synprint/linux alone.
 */
export { libc } from "./libc.ts"
export { type PassedSocket, passedSockets } from "./listen-fds.ts"
export { adoptListeningSocket, type ListeningSocket, openListeningSocket, SocketError } from "./listening-socket.ts"
export { readSavedSyn } from "./saved-syn.ts"
export { type Ownership, SocketWriter } from "./socket-writer.ts"
export { MSG_DONTWAIT, MSG_MORE, MSG_NOSIGNAL, MSG_PEEK } from "./socket-constants.ts"
export { TcpInfo } from "./tcp-info.ts"
