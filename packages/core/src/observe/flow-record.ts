/**
 * The layout of a flow record: p0f's `struct packet_flow` (process.h) as 28 words of a slab.
 *
 *      0 client address[4]   4 server address[4]   8 client port << 16 | server port   9 hash
 *     10 client host        11 server host        12 created, s   13 next client seq  14 next server seq
 *     15 state bits         16 MSS of the SYN     17 client rate  18 server rate
 *     19 request data + 1   20 response data + 1  21 request bytes 22 response bytes  23 HTTP position
 *     24 older  25 newer    26 SYN payload kept
 */
export const FLOW_WORDS = 28

export const FLOW_CLIENT_ADDRESS = 0
export const FLOW_SERVER_ADDRESS = 4
export const FLOW_PORTS = 8
export const FLOW_HASH = 9
export const FLOW_CLIENT = 10
export const FLOW_SERVER = 11
export const FLOW_CREATED = 12
export const FLOW_NEXT_CLIENT_SEQ = 13
export const FLOW_NEXT_SERVER_SEQ = 14
export const FLOW_STATE = 15
export const FLOW_SYN_MSS = 16
/** p0f's cli_tps and srv_tps: 0 not known, -1 given up, else Hz. */
export const FLOW_CLIENT_RATE = 17
export const FLOW_SERVER_RATE = 18
export const FLOW_REQUEST = 19
export const FLOW_RESPONSE = 20
/** Bytes appended so far, at most 8192; kept even where the bytes themselves are not needed. */
export const FLOW_REQUEST_LENGTH = 21
export const FLOW_RESPONSE_LENGTH = 22
/** p0f's http_pos: where the HTTP parser goes on. */
export const FLOW_HTTP_POSITION = 23
export const FLOW_OLDER = 24
export const FLOW_NEWER = 25
/** Modern mode: payload bytes of the SYN (TCP Fast Open). */
export const FLOW_SYN_PAYLOAD = 26

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
/** Modern mode: the status line was read (p0f never sets its http_gotresp1: Appendix C 10). */
export const FLOW_STATUS_SEEN = 64
