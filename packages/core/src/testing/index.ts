/**
 * @synprint/core/testing: what tests of all packages share.
 */
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
export { SMALL_HISTORY } from "./small-history.ts"
export { signatureFields } from "./signature-fields.ts"
export { signaturePacket } from "./signature-packet.ts"
export { isAmongCandidates, readTunnelTable, type TunnelRow } from "./vpn-table.ts"
export { type FakeBackend, type FakeModule, makeFakeBackend, makeFakeModule } from "./fake-backend.ts"
export { type Random, rounds, seededRandom } from "./random.ts"
export { captureOf, type OneAddress, readOneAddress, threeStacks } from "./one-address.ts"
export { randomCapture, type RandomCaptureOptions } from "./random-capture.ts"
export { CLIENTS, SERVERS, type Stack, stackFields } from "./stacks.ts"
export { type SynFloodOptions, writeSynFlood } from "./syn-flood.ts"
