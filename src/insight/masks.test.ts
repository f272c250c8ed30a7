import { describe, expect, it } from 'vitest'
import { MARK } from './painting.ts'
import { describeEmptyMask, makeMask, maskKinds } from './masks.ts'

const grid = [4, 6, 5] as const
const N = 120
const satt = Float32Array.from({ length: N }, (_, i) => ((i * 53) % N) / N)
const hiddenOf = (codes: Uint8Array) => Array.from(codes.keys()).filter(token => codes[token] === MARK.masked)

describe('masks over tokens', () => {
  it('hide the same number of tokens whatever their kind, r and s', () => {
    for (const [ratio, hint] of [
      [0.7, 0.1],
      [0.31, 0.3],
      [1, 0],
      [0.05, 0],
    ]) {
      const counts = maskKinds.map(kind => {
        const { codes, masked } = makeMask(kind, satt, grid, { ratio, hint, seed: 9 })
        expect(hiddenOf(codes)).toHaveLength(masked)
        return masked
      })
      const expected = Math.floor(ratio * N + 1e-9) - Math.floor(hint * N + 1e-9) // SPEC 4
      expect(counts).toEqual(maskKinds.map(() => expected))
    }
  })

  it('hide what is attended to most, but for the hints, or what is attended to least', () => {
    const settings = { ratio: 0.5, hint: 0.1, seed: 1 }
    const guided = makeMask('attention', satt, grid, settings)
    const hints = Array.from(guided.codes.keys()).filter(token => guided.codes[token] === MARK.hint)
    const least = (tokens: number[]) => Math.min(...tokens.map(token => satt[token]))
    const most = (tokens: number[]) => Math.max(...tokens.map(token => satt[token]))
    expect(hints).toHaveLength(12)
    expect(least(hints)).toBeGreaterThan(most(hiddenOf(guided.codes)))
    const seen = Array.from(guided.codes.keys()).filter(token => guided.codes[token] === MARK.none)
    expect(least(hiddenOf(guided.codes))).toBeGreaterThan(most(seen))
    const low = makeMask('low-attention', satt, grid, settings)
    expect(low.hints).toBe(0)
    expect(most(hiddenOf(low.codes))).toBeLessThan(most(seen))
  })

  it('follow from the seed alone where they are drawn, and differ between seeds', () => {
    for (const kind of ['random', 'cube', 'block'] as const) {
      const draw = (seed: number) => makeMask(kind, satt, grid, { ratio: 0.5, hint: 0, seed }).codes
      expect(draw(4)).toEqual(draw(4))
      expect(draw(4)).not.toEqual(draw(5))
    }
  })

  it('lie together where they are blocks: most hidden neighbours of a hidden token are hidden too', () => {
    const neighbours = (kind: 'random' | 'block') => {
      let pairs = 0
      for (let seed = 0; seed < 40; seed++) {
        const { codes } = makeMask(kind, satt, grid, { ratio: 0.4, hint: 0, seed })
        for (let token = 1; token < N; token++)
          if (token % 5 !== 0 && codes[token] === MARK.masked && codes[token - 1] === MARK.masked) pairs++
      }
      return pairs
    }
    // By chance 0.4 · 0.4 of the pairs; blocks three cells wide keep two of their three.
    expect(neighbours('block')).toBeGreaterThan(1.4 * neighbours('random'))
  })

  it('hide whole cubes of two tokens a side, where the grid ends what is left of them, and cut the last one only', () => {
    const cubeOf = (token: number) =>
      [Math.floor(token / 30), Math.floor(token / 5) % 6, token % 5].map(place => place >> 1).join()
    const tokensOfCube = new Map<string, number>()
    for (let token = 0; token < N; token++)
      tokensOfCube.set(cubeOf(token), (tokensOfCube.get(cubeOf(token)) ?? 0) + 1)
    // The sides 4, 6 and 5 hold 2 × 3 × 3 cubes, those at the end of the last axis half as many tokens.
    expect([...tokensOfCube.values()].sort((a, b) => a - b)).toEqual([
      ...Array(6).fill(4),
      ...Array(12).fill(8),
    ])
    for (let seed = 0; seed < 10; seed++) {
      const hidden = hiddenOf(makeMask('cube', satt, grid, { ratio: 0.7, hint: 0.1, seed }).codes)
      const ofCube = new Map<string, number>()
      for (const token of hidden) ofCube.set(cubeOf(token), (ofCube.get(cubeOf(token)) ?? 0) + 1)
      expect(hidden).toHaveLength(72)
      const cut = [...ofCube].filter(([cube, tokens]) => tokens < tokensOfCube.get(cube)!)
      expect(cut.length).toBeLessThanOrEqual(1)
    }
  })

  it('say in a sentence when r and s leave nothing to hide, and refuse shares that are none', () => {
    expect(describeEmptyMask(N, { ratio: 0.2, hint: 0.3, seed: 1 })).toContain('Choose r above s')
    expect(describeEmptyMask(N, { ratio: 0.301, hint: 0.3, seed: 1 })).toContain('less than one token')
    expect(describeEmptyMask(N, { ratio: 0.7, hint: 0.1, seed: 1 })).toBeUndefined()
    expect(makeMask('attention', satt, grid, { ratio: 0.2, hint: 0.3, seed: 1 }).masked).toBe(0)
    expect(() => makeMask('random', satt, grid, { ratio: 1.2, hint: 0, seed: 1 })).toThrow('from 0 to 1')
  })
})
