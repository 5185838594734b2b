/**
 * The layout of a host record: what p0f's `struct host_data` (process.h) holds, as words of two parallel slabs.
 *
 *     hot slab, 32 words = two adjacent cache lines, all that a SYN of a client touches
 *      0 address[4]              4 hash       5 last_seen    6 first_seen   7 total_conn
 *      8 OS label + 1            9 SYN match  10 SYN ts1     11 SYN layout  12 SYN time ms (float64)
 *     14 state bits             15 SYN mss | last port << 16
 *     16 client board[4]        20 reasons   21 last_nat     22 last_chg    23 uptime minutes
 *     24 up_mod_days | mss << 16  25 link mtu | language << 16 | bad_sw << 24 | quality << 26
 *     26 distance               27 HTTP label + 1            28 uses        29 older  30 newer  31 clock
 *     cold slab, 16 words = one line, for servers and HTTP
 *      0 SYN+ACK match           1 SYN+ACK ts1               2 SYN+ACK time ms (float64)
 *      4 SYN+ACK quirks, ttl, fuzzy, has                     5 SYN+ACK mss | HTTP response port << 16
 *      6 server board[4]        10 HTTP response ref        11 its receive second   12 its Date (float64)
 *     14 HTTP request OS ref    15 server clock
 *
 * Clients, of which there are many, never touch the cold slab: its pages are never mapped for them.
 */

/** Words per record; `host << HOT_SHIFT` is a record's first word. */
export const HOT_SHIFT = 5
export const COLD_SHIFT = 4

export const HOST_ADDRESS = 0
export const HOST_HASH = 4
export const HOST_LAST_SEEN = 5
export const HOST_FIRST_SEEN = 6
export const HOST_TOTAL_CONN = 7
/** Label id + 1 of the last positive TCP match or HTTP OS match: p0f's last_class_id, last_name_id and last_flavor in one. */
export const HOST_OS = 8
/** Index + 1 of the [tcp:request] line that the last SYN matched. */
export const HOST_SYN_MATCH = 9
export const HOST_SYN_TS1 = 10
export const HOST_SYN_LAYOUT = 11
/** Index into the float64 view: word / 2. */
export const HOST_SYN_MS = 6
export const HOST_STATE = 14
export const HOST_SYN_MSS = 15
export const HOST_CLIENT_BOARD = 16
export const HOST_REASONS = 20
export const HOST_LAST_NAT = 21
export const HOST_LAST_CHG = 22
export const HOST_UPTIME = 23
export const HOST_UP_MOD_MSS = 24
export const HOST_LINK = 25
export const HOST_DISTANCE = 26
/** Label id + 1 of the last HTTP application. */
export const HOST_HTTP = 27
export const HOST_USES = 28
export const HOST_OLDER = 29
export const HOST_NEWER = 30
/** Modern mode: rate in Hz << 8 | SYN intervals that agreed on it. */
export const HOST_CLOCK = 31

export const COLD_SYNACK_MATCH = 0
export const COLD_SYNACK_TS1 = 1
/** Index into the float64 view. */
export const COLD_SYNACK_MS = 1
export const COLD_SYNACK_STATE = 4
export const COLD_SYNACK_MSS = 5
export const COLD_SERVER_BOARD = 6
/** 0 none, 1 a response without a match, else index + 2 of the [http:response] line. */
export const COLD_RESPONSE = 10
export const COLD_RESPONSE_SEC = 11
/** Index into the float64 view. */
export const COLD_RESPONSE_DATE = 6
/** 0 none, else index + 1 of the [http:request] line with an OS class. */
export const COLD_REQUEST_OS = 14
export const COLD_CLOCK = 15

/** State word: quirks in bits 0-16, TTL in bits 17-24 (the SYN+ACK state word has the same lower bits). */
export const STATE_QUIRKS = 0x1ffff
export const STATE_TTL_SHIFT = 17
export const STATE_FUZZY = 1 << 25
/** There is a stored SYN (or SYN+ACK). */
export const STATE_HAS = 1 << 26
/** What a new SYN replaces. */
export const STATE_SYN = (1 << 27) - 1
export const STATE_IPV6 = 1 << 27
/** CLOCK's second chance. */
export const STATE_REFERENCED = 1 << 28
/** The cold record belongs to this host; without it, its content is another's. */
export const STATE_COLD = 1 << 29
/** The entry holds a host. */
export const STATE_LIVE = 1 << 30

/** p0f's distance of a host whose SYN was never seen: a u8 -1 (specs p0f.md §9). */
export const DISTANCE_UNKNOWN = 255
