/**
 * Flags of send(2) and recv(2) (sys/socket.h).
 */
export const MSG_PEEK = 0x2
export const MSG_DONTWAIT = 0x40
export const MSG_NOSIGNAL = 0x4000
export const MSG_MORE = 0x8000
