/**
 * Part (c): 455 SYNs of Linux 6.18 under every MTU, sysctl and socket option. Those that follow the window rule are Linux >= 4.20; the
 * others, whose receive buffer was set by hand, are Linux and never of another family.
 */
import { readFileSync } from "node:fs"
import { BUILTIN, BUILTIN_DATABASE } from "../src/tcp/database/builtin.ts"
import { readDatabases } from "../src/tcp/database/reader.ts"
import { Matcher } from "../src/tcp/matching/matcher.ts"
import { REQUEST } from "../src/tcp/direction.ts"
import { largestMssMultiple } from "../src/tcp/signature/signature.ts"
import { FAMILY_LINUX } from "../src/tcp/database/stack-family.ts"
import { sharedFile } from "../src/testing/shared.ts"
import { signaturePacket } from "../src/testing/signature-packet.ts"
import { familiesOfAnswer, readP0fLog } from "./p0f-peer.ts"
import { share, shareRow, type SignalPart } from "./part.ts"

const MODERN = "Linux 4.20 or newer"

export const part: SignalPart = {
  title: "(c) Linux 6.18, groundtruth/linux-6.18-syn.tsv",
  run: () => {
    const table = sharedFile("data/groundtruth/linux-6.18-syn.tsv")
    const log = sharedFile("data/groundtruth/linux-6.18-kernel.pcap.p0f.log")
    if (table === undefined || log === undefined) return "the measured SYNs are not there"
    const { database } = readDatabases([{ name: BUILTIN, text: BUILTIN_DATABASE }], "modern")
    const matcher = new Matcher(database!, "modern", 4096)
    const p0f = new Map(readP0fLog(readFileSync(log, "latin1")).map((line) => [line.rawSignature, line]))
    const ruled = { all: 0, right: 0, p0f: 0, p0fSeen: 0 }
    const others = { all: 0, right: 0, p0f: 0, p0fSeen: 0 }
    const wrong: Array<string> = []
    for (const row of readFileSync(table, "utf8").trim().split("\n").slice(1)) {
      const [scenario = "", , , , , , signature = "", rawSignature = "", ja4t = ""] = row.split("\t")
      const [window = "", , mss = ""] = ja4t.split("_")
      const literal = signature.replace(/^((?:[^:]*:){4})[^,]*/, `$1${window}`)
      const fingerprint = matcher.fingerprintOf(signaturePacket(literal), REQUEST, 0)
      const follows = Number(window) === largestMssMultiple(Number(mss))
      const counts = follows ? ruled : others
      const isLinux = fingerprint.match !== undefined && (fingerprint.match.families & FAMILY_LINUX) !== 0
      const right = isLinux && (!follows || fingerprint.os!.startsWith(MODERN))
      const answer = p0f.get(rawSignature)
      counts.all++
      if (right) counts.right++
      else wrong.push(`${scenario}: ${fingerprint.os ?? "???"} for ${literal}`)
      if (answer !== undefined) {
        counts.p0fSeen++
        if (familiesOfAnswer(answer) & FAMILY_LINUX) counts.p0f++
      }
    }
    return {
      rows: [
        shareRow(
          "window rule: Linux 4.20 or newer",
          ruled.right,
          ruled.all,
          `${share(ruled.p0f, ruled.p0fSeen)} Linux`,
          1
        ),
        shareRow("others: Linux", others.right, others.all, `${share(others.p0f, others.p0fSeen)} Linux`, 1)
      ],
      notes: wrong
    }
  }
}
