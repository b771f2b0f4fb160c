import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeVectors, vectorText } from './makeVectors.ts'

// node test/vectors/generate.ts && npx biome check --write test/vectors; vectors.test.ts tells when that was forgotten.
for (const [name, vector] of Object.entries(makeVectors()))
  writeFileSync(join(import.meta.dirname, name), vectorText(vector))
