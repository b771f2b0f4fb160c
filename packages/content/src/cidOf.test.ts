import { describe, expect, it } from 'vitest'
import { cidOf } from './cidOf.ts'

describe('cidOf', () => {
  it.each([
    ['', 'QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH'],
    ['x', 'QmULKig5Fxrs2sC4qt9nNduucXfb92AFYQ6Hi3YRqDmrYC'],
    ['hello world\n', 'QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o'],
    ['hello\n', 'QmZULkCELmmk5XNfCgTnCyFgAVxBRBXyDHGGMVoLFLiXEN'],
  ])('is what `ipfs add` gives %j', async (text, cid) => {
    expect(await cidOf(new TextEncoder().encode(text))).toBe(cid)
  })

  it.each([
    [262_143, 'QmbNDspMkzkMFKyS3eCJGedG7GWRQHSCzJCZLjxP7wyVAx'],
    [262_145, 'QmbVuw4C4vcmVKqxoWtgDVobvcHrSn51qsmQmyxjk4sB2Q'],
    [1_310_710, 'QmNg7BJo8gEMDK8yGQbHEwPtycesnE6FUULX5iVd5TAL9f'],
    [45_613_056, 'QmY4HSz1oVGdUzb8poVYPLsoqBZjH6LZrtgnme9wWn2Qko'],
    [45_613_057, 'QmehMASWcBsX7VcEQqs6rpR5AHoBfKyBVEgmkJHjpPg8jq'],
  ])('is what `ipfs add` gives %i zero bytes', async (size, cid) => {
    expect(await cidOf(new Uint8Array(size))).toBe(cid)
  })
})
