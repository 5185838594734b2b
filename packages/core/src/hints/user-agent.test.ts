import { describe, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { seededRandom } from "../testing/random.ts"
import { sharedFile } from "../testing/shared.ts"
import {
  isMobileClientHint,
  PLATFORM_MASK,
  PLATFORM_NAMES,
  platformOfClientHint,
  platformOfUserAgent,
  SAFARI
} from "./user-agent.ts"

const encoder = new TextEncoder()
const numberOf = (text: string): number => {
  const bytes = encoder.encode(text)
  return platformOfUserAgent(bytes, 0, bytes.length)
}
const platform = (text: string): string => PLATFORM_NAMES[numberOf(text) & PLATFORM_MASK]!

const CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"

const KNOWN: ReadonlyArray<readonly [userAgent: string, platform: string]> = [
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME}`, "windows"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${CHROME} Edg/142.0.0.0`, "windows"],
  ["Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko", "windows"],
  ["Mozilla/4.0 (compatible; MSIE 6.0; Windows 98; Win 9x 4.90)", "windows"],
  [
    "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Mobile Safari/537.36 Edge/15.15063",
    "windows"
  ],
  [
    "Mozilla/5.0 (Mobile; Windows Phone 8.1; Android 4.0; ARM; Trident/7.0; rv:11.0; IEMobile/11.0) like iPhone OS 7_0_3 Mac OS X",
    "windows"
  ],
  [`Mozilla/5.0 (X11; Linux x86_64) ${CHROME}`, "linux"],
  ["Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "linux"],
  [`Mozilla/5.0 (SMART-TV; Linux; Tizen 7.0) ${CHROME}`, "linux"],
  [`Mozilla/5.0 (Web0S; Linux/SmartTV) ${CHROME} WebAppManager`, "linux"],
  [`Mozilla/5.0 (Linux; Android 10; K) ${CHROME}`, "android"],
  [`Mozilla/5.0 (Linux; Android 9; CUBOT_X19) ${CHROME}`, "android"],
  ["Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8 Build/UP1A)", "android"],
  [`Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) ${CHROME}`, "chromeos"],
  [`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME}`, "apple"],
  [
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1",
    "apple"
  ],
  ["MyApp/7 CFNetwork/1498.700.2 Darwin/23.6.0", "apple"],
  ["curl/7.24.0 (x86_64-apple-darwin12.0) libcurl/7.24.0", "apple"],
  ["Mozilla/5.0 (X11; FreeBSD amd64; rv:128.0) Gecko/20100101 Firefox/128.0", "bsd"],
  ["Mozilla/5.0 (X11; U; OpenBSD i386; en-US; rv:1.8)", "bsd"],
  ["Mozilla/5.0 (PlayStation; PlayStation 5/2.26) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.0", "console"],
  [`Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox Series X) ${CHROME} Edge/44.18363`, "console"],
  ["Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 NF/6.0.1.15.4", "console"]
]

const UNKNOWN: ReadonlyArray<string> = [
  "",
  "curl/8.11.1",
  "python-requests/2.32.3",
  "Go-http-client/2.0",
  "okhttp/4.12.0",
  "Mozilla/5.0",
  "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Baiduspider/2.0",
  "Opera/9.80 (iPhone; Opera Mini/16.0.15/191.283; U; en) Presto/2.12.423 Version/12.16",
  "Mozilla/5.0 (Windows NT 10.0; Macintosh; Linux)",
  "Mozilla/5.0 (iPhone; Android 14)",
  "Mozilla/5.0 (Windows NT 10.0\u0001; Win64)",
  `Mozilla/5.0 (Windows NT 10.0; ${"x".repeat(2000)})`,
  "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Chrome-Lighthouse",
  "Outlook-iOS/709.2226530.prod.iphone (3.24.1)",
  "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1 Mobile",
  "((((((((((((((((((",
  "Mozilla/5.0 (X11; SunOS sun4u)"
]

describe("User-Agent", () => {
  for (const [userAgent, wanted] of KNOWN)
    test(`${wanted}: ${userAgent}`, () => expect(platform(userAgent)).toBe(wanted))
  for (const userAgent of UNKNOWN) {
    test(`unknown: ${userAgent.slice(0, 80)}`, () => expect(platform(userAgent)).toBe("unknown"))
  }

  test("case does not matter", () => {
    for (const [userAgent, wanted] of KNOWN) {
      expect(platform(userAgent.toUpperCase())).toBe(wanted)
      expect(platform(userAgent.toLowerCase())).toBe(wanted)
    }
  })

  test("Safari and the system's library may come by Private Relay, other browsers don't", () => {
    const safari =
      "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1"
    expect(numberOf(safari) & SAFARI).toBe(SAFARI)
    expect(numberOf("App/1 CFNetwork/1498 Darwin/23.6.0") & SAFARI).toBe(SAFARI)
    for (const other of ["CriOS/126.0", "FxiOS/127.0", "EdgiOS/126.0"]) {
      expect(numberOf(safari.replace("Version/17.5", other)) & SAFARI).toBe(0)
    }
    expect(numberOf(`Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${CHROME}`) & SAFARI).toBe(0)
  })

  test("a range of a larger array is read and nothing around it; a range outside is unknown", () => {
    const [userAgent] = KNOWN[0]!
    const around = encoder.encode(`linux (android ${userAgent} iphone)`)
    expect(platformOfUserAgent(around, 15, userAgent.length)).toBe(1)
    expect(platformOfUserAgent(around, -1, 10)).toBe(0)
    expect(platformOfUserAgent(around, 0, around.length + 1)).toBe(0)
  })

  test("random bytes and cut and spliced User-Agents: always a platform, whatever comes before or after the words", () => {
    const random = seededRandom(7)
    const all = [...KNOWN.map(([userAgent]) => userAgent), ...UNKNOWN].map((userAgent) => encoder.encode(userAgent))
    for (let round = 0; round < 20_000; round++) {
      const bytes = new Uint8Array(random.below(1200))
      let at = 0
      while (at < bytes.length) {
        const from = all[random.below(all.length)]!
        const start = random.below(from.length + 1)
        const end = Math.min(from.length, start + random.below(60))
        for (let i = start; i < end && at < bytes.length; i++) bytes[at++] = from[i]!
        if (at < bytes.length) bytes[at++] = random.below(10) === 0 ? random.below(256) : 0x20
      }
      const found = platformOfUserAgent(bytes, 0, bytes.length)
      expect(found >= 0 && found < 16).toBe(true)
      // The result depends on the bytes alone: the same text elsewhere gives the same platform.
      const moved = new Uint8Array(bytes.length + 5).fill(0x41)
      moved.set(bytes, 3)
      expect(platformOfUserAgent(moved, 3, bytes.length)).toBe(found)
    }
  })

  test("time grows with the length and stops at the longest", () => {
    const longest = encoder.encode("(".repeat(500) + "Windows ".repeat(65))
    const beyond = new Uint8Array(1 << 20).fill(0x28)
    expect(platformOfUserAgent(longest, 0, 1020)).toBe(1)
    const before = performance.now()
    for (let i = 0; i < 1000; i++) platformOfUserAgent(beyond, 0, beyond.length)
    // A thousand megabytes, not read.
    expect(performance.now() - before).toBeLessThan(1000)
  })

  test("of the recorded User-Agents none is called what it is not", () => {
    const file = sharedFile("data/ua-evidence.tsv")
    if (file === undefined) {
      console.log("skipped: the recorded User-Agents are not there")
      return
    }
    const words: Readonly<Record<string, RegExp>> = {
      windows: /Windows|CryptoAPI|NCSI|WinHTTP|MiniRedir/,
      linux: /linux|debian/i,
      android: /android/i,
      apple: /Mac OS X|darwin|iPhone|iPad/
    }
    let named = 0
    for (const row of readFileSync(file, "utf8").trim().split("\n").slice(1)) {
      const userAgent = row.split("\t")[3]!
      const found = platform(userAgent)
      if (found === "unknown") {
        expect(/\((?:Windows|X11; (?:\w+; )?Linux|Macintosh|iPhone|Linux; Android)/.test(userAgent)).toBe(false)
        continue
      }
      named++
      expect(words[found]!.test(userAgent)).toBe(true)
    }
    expect(named).toBeGreaterThan(100)
  })
})

describe("client hints", () => {
  const ofHint = (text: string): string => {
    const bytes = encoder.encode(`x${text}y`)
    return PLATFORM_NAMES[platformOfClientHint(bytes, 1, bytes.length - 2)]!
  }
  test("Sec-CH-UA-Platform", () => {
    expect(ofHint('"Windows"')).toBe("windows")
    expect(ofHint('"macOS"')).toBe("apple")
    expect(ofHint('"iOS"')).toBe("apple")
    expect(ofHint('"Chrome OS"')).toBe("chromeos")
    expect(ofHint('"Chromium OS"')).toBe("chromeos")
    expect(ofHint('"Linux"')).toBe("linux")
    expect(ofHint('"Android"')).toBe("android")
    for (const other of ["", '"', "Windows", '"Windows', '"Unknown"', '""', '"Fuchsia"', '"Windows";a']) {
      expect(ofHint(other)).toBe("unknown")
    }
  })
  test("Sec-CH-UA-Mobile", () => {
    expect(isMobileClientHint(encoder.encode("?1"), 0, 2)).toBe(true)
    for (const other of ["?0", "1", "", "?1;a"])
      expect(isMobileClientHint(encoder.encode(other), 0, other.length)).toBe(false)
  })
})

describe("bytes of a User-Agent that decide", () => {
  const windows = (middle: string): string => platform(`Mozilla/5.0 (Windows NT 10.0${middle}) Gecko`)
  test("control characters make it nobody's; a tab does not", () => {
    for (let code = 0; code < 0x100; code++) {
      const bytes = Buffer.from(`Mozilla/5.0 (Windows NT 10.0${String.fromCharCode(code)}; x) Gecko`, "latin1")
      const isControl = (code < 0x20 && code !== 9) || code === 0x7f
      expect([code, PLATFORM_NAMES[platformOfUserAgent(bytes, 0, bytes.length) & PLATFORM_MASK]]).toEqual([
        code,
        // A letter would make another word of the one before: no one does behind a digit.
        isControl ? "unknown" : "windows"
      ])
    }
  })
  test("a plus in front of http is a robot's address, and of nothing else", () => {
    for (const robot of ["; +http://x", "; +HTTPS://x", " +http:"]) expect(windows(robot)).toBe("unknown")
    for (const other of [
      "; +htt",
      "; +ittp://x",
      "; +hutp://x",
      "; +htup://x",
      "; +httq://x",
      "; http://x",
      "; + http://x",
      "; +"
    ])
      expect(windows(other)).toBe("windows")
    expect(platform("Mozilla/5.0 (Windows NT 10.0) +http")).toBe("windows")
    expect(platform("Mozilla/5.0 (Windows NT 10.0) +http:")).toBe("unknown")
  })
  test("a range of no bytes, of a negative length, and of the longest", () => {
    const bytes = encoder.encode("Windows")
    expect([0, -1, 7, 8].map((length) => platformOfUserAgent(bytes, 0, length))).toEqual([0, 0, 1, 0])
    expect(platformOfUserAgent(bytes, 1, 7)).toBe(0)
    const filled = (length: number): number => {
      const text = encoder.encode("Windows ".padEnd(length, "1"))
      return platformOfUserAgent(text, 0, text.length)
    }
    expect([filled(1024), filled(1025)]).toEqual([1, 0])
  })
})

describe("values of client hints", () => {
  test("the longest and the shortest, in any case, and no byte more or less", () => {
    const ofHint = (text: string): string => {
      const bytes = encoder.encode(text)
      return PLATFORM_NAMES[platformOfClientHint(bytes, 0, bytes.length)]!
    }
    expect(['"WINDOWS"', '"mac os x"', '"IOS"', '"chromium OS"'].map(ofHint)).toEqual([
      "windows",
      "apple",
      "apple",
      "chromeos"
    ])
    for (const other of [
      'xwindows"',
      '"windowsx',
      '"window"',
      '"windowss"',
      '"wIndow5"',
      '"w\u0009ndows"',
      '"[indows"',
      '"ios"x'
    ])
      expect(ofHint(other)).toBe("unknown")
  })
})
