// A tile of 32³ voxels in the demo model's input range: a bright ball in noise without randomness.
export const SIDE = 32

export function makeTile(): Float32Array {
  return Float32Array.from({ length: SIDE ** 3 }, (_, at) => {
    const offset = [Math.floor(at / SIDE ** 2), Math.floor(at / SIDE) % SIDE, at % SIDE].map(i => i - 15.5)
    const noise = ((at * 7919) % 1000) / 5000
    return Math.hypot(...offset) < 4 ? 0.5 + noise : -0.8 + noise
  })
}
