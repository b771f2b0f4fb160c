import { createHash } from 'node:crypto'

const START = 0x0020_0800
const HEADERS = 52 + 32

/**
 * A RISC Zero guest, as an ELF, that counts down for about so many cycles and commits nothing: its cost is its count alone.
 * The halt is that of zkVM 3.x: `ecall` with t0 = 0, a0 = 0 (ended well) and a1 = where the digest of what it committed lies.
 */
export function spinGuest(cycles: number): Uint8Array {
  const rounds = Math.max(1, Math.floor(cycles / 2))
  const upper = (rounds + 0x800) & 0xffff_f000
  const code = [
    upper | 0x337, // lui t1, upper
    ((rounds - upper) << 20) | 0x0003_0313, // addi t1, t1, lower
    0xfff3_0313, // addi t1, t1, -1
    0xfe03_1ee3, // bne t1, x0, -4
    0x0000_0293, // li t0, 0
    0x0000_0513, // li a0, 0
    0x0020_15b7, // lui a1, 0x201
    0x8005_8593 | (36 << 20), // addi a1, a1, -0x800 + 36
    0x0000_0073, // ecall
  ]
  const words = Buffer.alloc(code.length * 4)
  for (const [i, word] of code.entries()) words.writeUInt32LE(word >>> 0, 4 * i)
  const loaded = Buffer.concat([words, emptyOutput()])
  const halves = Buffer.alloc(4)
  halves.writeUInt16LE(2, 0)
  halves.writeUInt16LE(243, 2)
  const sizes = Buffer.from(Uint16Array.of(52, 32, 1, 40, 0, 0).buffer)
  const header = Buffer.from(Uint32Array.of(1, START, 52, 0, 0).buffer)
  const segment = Buffer.from(Uint32Array.of(1, HEADERS, START, START, loaded.length, loaded.length, 7, 4).buffer)
  const magic = Buffer.from('\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0', 'latin1')
  return Buffer.concat([magic, halves, header, sizes, segment, loaded])
}

/** Digest of an output without a journal and without assumptions: risc0's tagged structure `risc0.Output`. */
function emptyOutput(): Buffer {
  const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest()
  return sha256(Buffer.concat([sha256('risc0.Output'), sha256(''), Buffer.alloc(32), Buffer.of(2, 0)]))
}
