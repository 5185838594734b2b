/**
 * Hints for one NOTIFY: the platform that the request names, by `ua` and `hdrs`, against the facts about its connection.
 *
 *     hdrs   name ":" value CR LF ... as HAProxy's req.hdrs gives them, names in lower case
 */
import {
  HintPolicy,
  Hinter,
  KEY_CLIENT,
  claimOf,
  isMobileClientHint,
  platformOfClientHint,
  platformOfUserAgent
} from "@synprint/core"
import { type HintsConfig, hintSettings } from "@synprint/service"
import type { HintObserver } from "./agent.ts"
import type { Arguments } from "../protocol/arguments.ts"
import { ascii } from "../protocol/typed-data.ts"

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const USER_AGENT = ascii("user-agent:")
const PLATFORM = ascii("sec-ch-ua-platform:")
const MOBILE = ascii("sec-ch-ua-mobile:")

/** Makes the hints of one configuration; a reload creates another observer. */
export function hintRequests(config: HintsConfig): HintObserver {
  const hinter = new Hinter(new HintPolicy(hintSettings(config)))
  return (bytes, given, into) => {
    const connection = hinter.connection(into, given.clientFamily, given.connection.key, KEY_CLIENT)
    into.hints = hinter.list(connection, claimOfRequest(bytes, given), 0)
    into.hintParameters = into.hints === undefined ? undefined : hinter.parameters
  }
}

/** Returns the claim about the client's platform in the arguments. */
export function claimOfRequest(bytes: Uint8Array, given: Arguments): number {
  let userAgent = given.userAgentLength < 0 ? -1 : platformOfUserAgent(bytes, given.userAgentAt, given.userAgentLength)
  if (given.headersLength < 0) return claimOf(userAgent < 0 ? 0 : userAgent, 0, false)
  let platform = 0
  let isMobile = false
  const stop = given.headersAt + given.headersLength
  for (let at = given.headersAt; at < stop;) {
    const newline = bytes.indexOf(LF, at)
    const next = newline < 0 || newline >= stop ? stop : newline + 1
    const first = bytes[at]!
    if (first === 0x75 && userAgent < 0 && begins(bytes, at, next, USER_AGENT)) {
      const value = valueAt(bytes, at + USER_AGENT.length, next)
      userAgent = platformOfUserAgent(bytes, value, valueEnd(bytes, value, next) - value)
    } else if (first === 0x73 && begins(bytes, at, next, PLATFORM)) {
      const value = valueAt(bytes, at + PLATFORM.length, next)
      platform = platformOfClientHint(bytes, value, valueEnd(bytes, value, next) - value)
    } else if (first === 0x73 && begins(bytes, at, next, MOBILE)) {
      const value = valueAt(bytes, at + MOBILE.length, next)
      isMobile = isMobileClientHint(bytes, value, valueEnd(bytes, value, next) - value)
    }
    at = next
  }
  return claimOf(userAgent < 0 ? 0 : userAgent, platform, isMobile)
}

function begins(bytes: Uint8Array, at: number, stop: number, name: Uint8Array): boolean {
  if (stop - at < name.length) return false
  for (let i = 0; i < name.length; i++) if (bytes[at + i] !== name[i]) return false
  return true
}

function valueAt(bytes: Uint8Array, at: number, stop: number): number {
  while (at < stop && bytes[at] === SPACE) at++
  return at
}

function valueEnd(bytes: Uint8Array, at: number, stop: number): number {
  while (stop > at && (bytes[stop - 1] === LF || bytes[stop - 1] === CR || bytes[stop - 1] === SPACE)) stop--
  return stop
}
