/**
 * A captured frame of a test: whole bytes of an Ethernet link, unless `more` says otherwise.
 */
import { CapturedFrame } from "../packet/capture/captured-frame.ts"
import { LINKTYPE_ETHERNET } from "../packet/link.ts"

export function capturedFrame(bytes: Uint8Array, more: Partial<CapturedFrame> = {}): CapturedFrame {
  const { length } = bytes
  return Object.assign(new CapturedFrame(), {
    bytes,
    captured: length,
    wire: length,
    linkType: LINKTYPE_ETHERNET,
    ...more
  })
}
