/**
 * The C library by bun:ffi: sockets with options that Bun.listen does not have. None of these calls blocks.
 */
import { dlopen } from "bun:ffi"

const SYMBOLS = {
  // int socket(int domain, int type, int protocol);
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  // int setsockopt(int fd, int level, int optname, const void *optval, socklen_t optlen);
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  // int getsockopt(int fd, int level, int optname, void *optval, socklen_t *optlen);
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  // int bind(int fd, const struct sockaddr *addr, socklen_t addrlen);
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  // int listen(int fd, int backlog);
  listen: { args: ["i32", "i32"], returns: "i32" },
  // int getsockname(int fd, struct sockaddr *addr, socklen_t *addrlen);
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  // ssize_t recv(int sockfd, void *buf, size_t len, int flags);  lengths here fit an int
  recv: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  // ssize_t send(int sockfd, const void *buf, size_t len, int flags);
  send: { args: ["i32", "ptr", "u32", "i32"], returns: "i32" },
  // int socketpair(int domain, int type, int protocol, int sv[2]);
  socketpair: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  // int epoll_create1(int flags);
  epoll_create1: { args: ["i32"], returns: "i32" },
  // int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event);
  epoll_ctl: { args: ["i32", "i32", "i32", "ptr"], returns: "i32" },
  // int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout);
  epoll_wait: { args: ["i32", "ptr", "i32", "i32"], returns: "i32" },
  // int dup(int oldfd);
  dup: { args: ["i32"], returns: "i32" },
  // int close(int fd);
  close: { args: ["i32"], returns: "i32" },
  // int *__errno_location(void);  strerror(3)'s names are Bun's: this is for messages alone
  __errno_location: { args: [], returns: "ptr" }
} as const

/** Names of the library with glibc and with musl. */
const NAMES = ["libc.so.6", "libc.so"]

function load() {
  let cause: unknown
  for (const name of NAMES) {
    try {
      return dlopen(name, SYMBOLS).symbols
    } catch (error) {
      cause ??= error
    }
  }
  throw cause
}

export const libc = load()
