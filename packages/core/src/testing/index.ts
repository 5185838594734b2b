/**
 * @synprint/core/testing: what tests of all packages share.
 */
export { capturedFrame } from "./captured-frame.ts"
export { SHARED, sharedFile } from "./shared.ts"

export {
  type CapturePacket,
  pcapHeader,
  type PcapngInterface,
  type PcapngOptions,
  type PcapOptions,
  pcapRecord,
  writePcap,
  writePcapng
} from "./capture-writer.ts"
export {
  ah,
  chdlc,
  erspan,
  ethernet,
  geneve,
  gre,
  gtpu,
  loopback,
  mpls,
  outer,
  ppp,
  pppoe,
  qinq,
  sll,
  sll2,
  synFrame,
  teredo,
  udp,
  vlan,
  vxlan,
  vxlanGpe
} from "./layers.ts"
export {
  checksum,
  concat,
  type Extension,
  fragment,
  hex,
  ip,
  type IpFields,
  type Layer,
  type PacketFields,
  tcp,
  type TcpFields,
  tcpOptions
} from "./packets.ts"
export { fillNearPacket, randomSignature } from "./near-packet.ts"
export { type Contradiction, CONTRADICTIONS } from "./contradictions.ts"
export {
  answersAlone,
  contradictsFamily,
  type Evidence,
  type EvidenceFamily,
  isOfFamily,
  readAgentTable,
  readSignatureTable
} from "./evidence.ts"
export { P0F_SCENARIOS, type P0fScenario, SCENARIO_DATABASE, shortLines } from "./p0f-scenarios.ts"
export { SMALL_HISTORY } from "./small-history.ts"
export { signatureFields } from "./signature-fields.ts"
export { signaturePacket } from "./signature-packet.ts"
export { isAmongCandidates, readTunnelTable, type TunnelRow } from "./vpn-table.ts"
export { type Random, rounds, seededRandom } from "./random.ts"
export { captureOf, type OneAddress, readOneAddress, threeStacks } from "./one-address.ts"
export { randomCapture, type RandomCaptureOptions } from "./random-capture.ts"
export { CLIENTS, SERVERS, type Stack, stackFields } from "./stacks.ts"
export { type SynFloodOptions, writeSynFlood } from "./syn-flood.ts"

// Names of the product that only tests and benchmarks of other packages use.
export { printIpv4, printIpv6 } from "../address/address.ts"
export { isReservedHeader } from "../fields.ts"
export { REASON_OS_DIFF } from "../history/sharing/sharing-reasons.ts"
export { P0fPacketDecoder } from "../p0f/packet-decoder.ts"
export { printConnectionKey } from "../packet/connection-key.ts"
export { decodeFrame } from "../packet/frame.ts"
export { LINKTYPE_RAW } from "../packet/link.ts"
export { type TcpSignature } from "../tcp/database/database.ts"
export { printProblem } from "../tcp/database/reader.ts"
export { FAMILIES_LINUX_KERNEL, printFamilies } from "../tcp/database/stack-family.ts"
export { printRawSignature } from "../tcp/signature/raw-signature.ts"
export { type Signature, printSignature } from "../tcp/signature/signature.ts"
export { prefixes } from "./prefixes.ts"
