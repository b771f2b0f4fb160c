import { readFileSync } from 'node:fs'
import { type Hash, hash } from '@w3bstream/protocol'
import { z } from 'zod'

/** What `packages/zk/guests/build.mjs` made of this example's guest. */
export interface Artifacts {
  /** The program: a plain ELF for the zkVM. */
  readonly elf: Uint8Array
  /** What a proof of it is checked by: a commitment to the program, as RISC Zero computes it, with the kernel that it runs on. */
  readonly imageId: Hash
  /** Names of the outputs, in order. */
  readonly outputs: readonly string[]
}

const schema = z.object({
  imageId: z.string().transform((text) => hash(text)),
  elf: z.object({ file: z.string() }),
  outputs: z.array(z.string()),
})

/** Reads the committed files. */
export function artifacts(): Artifacts {
  const read = (file: string) => readFileSync(new URL(`../artifacts/${file}`, import.meta.url))
  const { imageId, elf, outputs } = schema.parse(JSON.parse(read('artifacts.json').toString('utf8')))
  return { elf: read(elf.file), imageId, outputs }
}
