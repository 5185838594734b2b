/**
 * Structures in the BTF of an ELF object: name -> size and offsets of members (Documentation/bpf/btf.rst; ELF64, little-endian).
 */
export interface Structure {
  readonly size: number
  /** Offsets in bytes by member. */
  readonly members: ReadonlyMap<string, number>
}

const KIND_STRUCT = 4
/** Number of bytes that follow the 12 of a btf_type, by kind; per entry where the kind has vlen entries. */
const FIXED: Readonly<Record<number, number>> = { 1: 4, 3: 12, 14: 4, 17: 4 }
const PER_ENTRY: Readonly<Record<number, number>> = { 4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12 }

export function readStructures(elf: Uint8Array): ReadonlyMap<string, Structure> {
  const btf = section(elf, ".BTF")
  const view = new DataView(btf.buffer, btf.byteOffset, btf.length)
  if (view.getUint16(0, true) !== 0xeb9f) throw new Error("no BTF")
  const header = view.getUint32(4, true)
  const types = header + view.getUint32(8, true)
  const typesEnd = types + view.getUint32(12, true)
  const strings = header + view.getUint32(16, true)
  const structures = new Map<string, Structure>()
  for (let at = types; at < typesEnd;) {
    const info = view.getUint32(at + 4, true)
    const kind = (info >>> 24) & 31
    const count = info & 0xffff
    if (kind === KIND_STRUCT) {
      const members = new Map<string, number>()
      for (let n = 0; n < count; n++) {
        const member = at + 12 + 12 * n
        members.set(textAt(btf, strings + view.getUint32(member, true)), view.getUint32(member + 8, true) / 8)
      }
      structures.set(textAt(btf, strings + view.getUint32(at, true)), { size: view.getUint32(at + 8, true), members })
    }
    at += 12 + (FIXED[kind] ?? 0) + count * (PER_ENTRY[kind] ?? 0)
  }
  return structures
}

function section(elf: Uint8Array, name: string): Uint8Array {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.length)
  const headers = Number(view.getBigUint64(40, true))
  const size = view.getUint16(58, true)
  const count = view.getUint16(60, true)
  const offsetOf = (n: number): number => Number(view.getBigUint64(headers + n * size + 24, true))
  const names = offsetOf(view.getUint16(62, true))
  for (let n = 0; n < count; n++) {
    if (textAt(elf, names + view.getUint32(headers + n * size, true)) !== name) continue
    const at = offsetOf(n)
    return elf.subarray(at, at + Number(view.getBigUint64(headers + n * size + 32, true)))
  }
  throw new Error(`no section ${name}`)
}

function textAt(bytes: Uint8Array, at: number): string {
  return new TextDecoder().decode(bytes.subarray(at, bytes.indexOf(0, at)))
}
