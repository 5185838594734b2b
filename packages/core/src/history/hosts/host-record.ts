/**
 * The layout of a host record: what p0f's `struct host_data` (process.h) holds, as words of two parallel slabs.
 *
 *     hot slab, 16 words = one cache line, all that the SYN of a new client touches
 *      0 address[4]   4 link mtu | distance << 16 | quality << 24     5 last_seen    6 first_seen   7 total_conn
 *      8 OS label + 1   9 SYN match + 1   10 SYN ts1   11 SYN layout  12 SYN time ms (float64)
 *     14 state bits    15 SYN mss | last port << 16
 *     modern mode: 9 system of the last SYN   11 its stack class (sharing.ts)
 *     cold slab, 32 words, all zero (uptime -1) unless STATE_COLD
 *      0 client board[4]        4 server board[4]                8 reasons       9 last_nat     10 last_chg
 *     11 uptime minutes        12 up_mod_days | link mss << 16  13 HTTP label + 1
 *     14 language | bad_sw << 8                                15 client clock  16 server clock
 *     17 SYN+ACK match + 1     18 SYN+ACK time ms (float64)    20 SYN+ACK ts1   21 SYN+ACK quirks, ttl, fuzzy, has
 *     22 SYN+ACK mss           23 HTTP response port           24 its Date (float64)  26 its receive second
 *     27 HTTP response ref     28 HTTP request OS ref
 *     modern mode: 0 three earlier systems (class, system, second)   17 stack class of the last SYN+ACK   22 its system
 *     29 sharing score * 256   30 second of that score   31 its reasons
 *
 * Clients that come once, which are most, never touch the cold slab: its pages are never mapped for them.
 */

/** `host << HOT_SHIFT` is a record's first word. */
export const HOT_SHIFT = 4
export const COLD_SHIFT = 5

export const HOST_LINK = 4
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
/** Modern mode: words 9 and 11 hold the system that sent the last SYN (sharing.ts). */
export const HOST_SYSTEM = 9
export const HOST_CLASS = 11
export const HOST_STATE = 14
export const HOST_SYN_MSS = 15

/** The link word: MTU of the last link (in p0f mode of the last that has a name), distance, os_match_q. */
export const LINK_MTU = 0xffff
export const DISTANCE_SHIFT = 16
export const DISTANCE_MASK: number = 255 << DISTANCE_SHIFT
export const QUALITY_SHIFT = 24
export const QUALITY_MASK: number = 3 << QUALITY_SHIFT

export const COLD_CLIENT_BOARD = 0
export const COLD_SERVER_BOARD = 4
export const COLD_REASONS = 8
/** Modern mode: OTHERS earlier systems of OTHER_WORDS each lie where p0f's boards do. */
export const COLD_OTHERS = 0
export const OTHERS = 3
export const OTHER_WORDS = 3
export const COLD_LAST_NAT = 9
export const COLD_LAST_CHG = 10
export const COLD_UPTIME = 11
/** The MSS of the last SYN or SYN+ACK that had one; 0 as long as that is the stored SYN's. */
export const COLD_UP_MOD_MSS = 12
/** Label id + 1 of the last HTTP application. */
export const COLD_HTTP = 13
export const COLD_LANGUAGE = 14
/** Modern mode: rate in Hz << 8 | intervals that agreed on it. */
export const COLD_CLIENT_CLOCK = 15
export const COLD_SERVER_CLOCK = 16
export const COLD_SYNACK_MATCH = 17
/** Index into the float64 view. */
export const COLD_SYNACK_MS = 9
export const COLD_SYNACK_TS1 = 20
export const COLD_SYNACK_STATE = 21
export const COLD_SYNACK_MSS = 22
export const COLD_RESPONSE_PORT = 23
/** Index into the float64 view. */
export const COLD_RESPONSE_DATE = 12
export const COLD_RESPONSE_SEC = 26
/** 0 none, 1 a response without a match, else index + 2 of the [http:response] line. */
export const COLD_RESPONSE = 27
/** 0 none, else index + 1 of the [http:request] line with an OS class. */
export const COLD_REQUEST_OS = 28
/** Modern mode, as the next four. */
export const COLD_SERVER_CLASS = 17
export const COLD_SERVER_SYSTEM = 22
export const COLD_SHARED = 29
export const COLD_SHARED_SEC = 30
export const COLD_SHARED_REASONS = 31

/** The language word: language number, bad_sw. */
export const LANGUAGE_MASK = 255
export const BAD_SW_SHIFT = 8
export const BAD_SW_MASK: number = 3 << BAD_SW_SHIFT

/** State word: quirks in bits 0-16, TTL in bits 17-24 (the SYN+ACK state word has the same lower bits). */
export const STATE_QUIRKS = 0x1ffff
export const STATE_TTL_SHIFT = 17
export const STATE_FUZZY: number = 1 << 25
/** There is a stored SYN (or SYN+ACK). */
export const STATE_HAS: number = 1 << 26
/** Bits that a new SYN replaces. */
export const STATE_SYN: number = (1 << 27) - 1
export const STATE_IPV6: number = 1 << 27
/** The cold record belongs to this host; without it, its content is another's. */
export const STATE_COLD: number = 1 << 29
/** The entry holds a host. */
export const STATE_LIVE: number = 1 << 30

/** p0f's distance of a host whose SYN was never seen: a u8 -1. */
export const DISTANCE_UNKNOWN = 255
