/**
 * Rows of the labelled tables whose User-Agent contradicts the stack, one by one and with the reason: mismatches that were found, and
 * no errors of the database. Another family of the same row is an error.
 */
import type { EvidenceFamily } from "./evidence.ts"

export interface Contradiction {
  readonly signature: string
  /** Family that the row's User-Agent claims. */
  readonly claimed: EvidenceFamily
  readonly reason: string
}

const LIST: ReadonlyArray<readonly [signature: string, claimed: EvidenceFamily, reason: string]> = [
  [
    "4:64:0:*:42340,6:mss,sok,ts,nop,ws:df,id+:0",
    "windows",
    "one Linux stack under Windows, macOS, iOS and Android agents: a proxy"
  ],
  ["4:64:0:*:42340,6:mss,sok,ts,nop,ws:df,id+:0", "apple", "the same proxy"],
  [
    "4:64:0:*:64240,7:mss,sok,ts,nop,ws:df,id+:0",
    "windows",
    "option order of Linux alone, 16 of 1556: automation or a proxy"
  ],
  [
    "4:64:0:*:64240,7:mss,sok,ts,nop,ws:df,id+:0",
    "apple",
    "option order of Linux alone, 7 of 1047: automation or a proxy"
  ],
  [
    "4:64:0:*:29200,7:mss,nop,nop,sok,nop,ws:df,id+:0",
    "windows",
    "option order of Linux alone, 8 of 1556, and under 7 Android agents: a proxy"
  ],
  [
    "4:64:0:*:65535,10:mss,nop,nop,sok,nop,ws:df,id+:0",
    "windows",
    "option order of Linux alone, all of MSS 1460: a proxy"
  ],
  ["4:128:0:1460:8192,8:mss,nop,ws,nop,nop,sok:df,id+:0", "apple", "X-Mailer of a mail: a server relays it"],
  ["4:128:0:1460:mss*44,0:mss,nop,nop,sok:df,id+:0", "linux", "the same capture has this SYN under NT 5.1 agents"],
  ["4:64:0:1360:mss*10,8:mss,sok,ts,nop,ws:df,id+:0", "windows", "carries X-Forwarded-For: the SYN is the proxy's"],
  [
    "4:64:0:1460:65535,0:mss,nop,ws,nop,nop,ts,sok,eol+1:df,id+:0",
    "windows",
    "layout of Apple alone, made for a demonstration: the agent was typed in"
  ],
  ["4:64:0:1460:mss*20,7:mss,sok,ts,nop,ws:df,id+:0", "windows", "option order of Linux alone: the agent was typed in"],
  ["4:64:0:1460:mss*44,6:mss,sok,ts,nop,ws:df,id+:0", "windows", "a SoftEther server's SYN for its client"],
  [
    "4:64:0:1460:mss*44,7:mss,nop,nop,sok,nop,ws:df,id+:0",
    "windows",
    "option order of Linux alone, malware and test captures"
  ],
  ["4:64:0:1460:mss*44,7:mss,sok,ts,nop,ws:df,id+:0", "windows", "option order of Linux alone: the agent was typed in"],
  ["4:64:0:0:65280,0::seq-:0", "windows", "no MSS and sequence number 0: a capture made by a program"],
  ["4:64:0:0:65535,0:::0", "windows", "no MSS: a capture made by a program"],
  ["4:64:0:0:65535,0::id-:0", "windows", "no MSS: a capture made by a program"]
]

export const CONTRADICTIONS: ReadonlyArray<Contradiction> = LIST.map(([signature, claimed, reason]) => ({
  signature,
  claimed,
  reason
}))
