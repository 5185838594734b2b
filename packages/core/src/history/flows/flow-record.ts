/**
 * The layout of a flow record: p0f's `struct packet_flow` (process.h) as words of two parallel slabs.
 *
 *     hot, 16 words = one cache line, all that a SYN writes
 *      0 client address[4]   4 server address[4]   8 client port << 16 | server port   9 hash
 *     10 client host        11 server host        12 created, s   13 next client seq  14 next server seq
 *     15 state bits | MSS of the SYN << 16
 *     cold, 8 words, zero unless FLOW_DIRTY
 *      0 client rate          1 server rate        2 request data + 1                 3 response data + 1
 *      4 request bytes        5 response bytes     6 HTTP position                    7 payload bytes of the SYN
 */
export const FLOW_SHIFT = 4
export const FLOW_COLD_SHIFT = 3

export const FLOW_PORTS = 8
export const FLOW_HASH = 9
export const FLOW_CLIENT = 10
export const FLOW_SERVER = 11
export const FLOW_CREATED = 12
export const FLOW_NEXT_CLIENT_SEQ = 13
export const FLOW_NEXT_SERVER_SEQ = 14
export const FLOW_STATE = 15

/** p0f's cli_tps and srv_tps: 0 not known, -1 given up, else Hz. */
export const FLOW_CLIENT_RATE = 0
export const FLOW_SERVER_RATE = 1
export const FLOW_REQUEST = 2
export const FLOW_RESPONSE = 3
/** Bytes appended so far, at most 8192; kept even where the bytes themselves are not needed. */
export const FLOW_REQUEST_LENGTH = 4
export const FLOW_RESPONSE_LENGTH = 5
/** p0f's http_pos: where the HTTP parser goes on. */
export const FLOW_HTTP_POSITION = 6
/** Modern mode: TCP Fast Open. */
export const FLOW_SYN_PAYLOAD = 7

export const FLOW_IPV6 = 1
/** Opened by p0f-sendsyn (win 1337, mss 1331). */
export const FLOW_SENDSYN = 2
export const FLOW_ACKED = 4
/** p0f's in_http > 0: the request line was read. */
export const FLOW_IN_HTTP = 8
/** p0f's in_http < 0. */
export const FLOW_NOT_HTTP = 16
/** p0f's http_req_done. */
export const FLOW_REQUEST_DONE = 32
/** Modern mode: the status line was read (p0f never sets its http_gotresp1: docs/p0f-differences.md, 10). */
export const FLOW_STATUS_SEEN = 64
/** The record holds a flow. */
export const FLOW_LIVE = 128
/** Cold words were written; whoever writes them sets this first. */
export const FLOW_DIRTY = 256
export const FLOW_MSS_SHIFT = 16
