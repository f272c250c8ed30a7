// SHA-256 (FIPS 180-4). WebCrypto does it where there is one; a page served over plain http in a local network has none,
// and a model needs its identity there too.

const primes = (() => {
  const found: number[] = []
  for (let candidate = 2; found.length < 64; candidate++)
    if (found.every(prime => candidate % prime !== 0)) found.push(candidate)
  return found
})()

/** First 32 bits of the fraction of a root. */
function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32)
}

const roundConstants = Uint32Array.from(primes, prime => fraction(Math.cbrt(prime)))
const startState = primes.slice(0, 8).map(prime => fraction(Math.sqrt(prime)))

function rotate(x: number, bits: number): number {
  return (x >>> bits) | (x << (32 - bits))
}

function compress(state: Uint32Array, words: Uint32Array): void {
  for (let i = 16; i < 64; i++) {
    const [early, late] = [words[i - 15], words[i - 2]]
    const small = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3)
    words[i] = words[i - 16] + small + words[i - 7] + (rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10))
  }
  let [a, b, c, d, e, f, g, h] = state
  for (let i = 0; i < 64; i++) {
    const choice = (e & f) ^ (~e & g)
    const first =
      (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + choice + roundConstants[i] + words[i]) | 0
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const second = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + majority) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
  }
  ;[a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] += value))
}

/** SHA-256 in plain JavaScript, about 100 MB/s. */
export function sha256InScript(bytes: Uint8Array): Uint8Array {
  const state = Uint32Array.from(startState)
  const words = new Uint32Array(64)
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(padded.length - 4, bytes.length << 3)
  for (let start = 0; start < padded.length; start += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(start + 4 * i)
    compress(state, words)
  }
  const digest = new Uint8Array(32)
  state.forEach((word, i) => new DataView(digest.buffer).setUint32(4 * i, word))
  return digest
}

/** SHA-256 of bytes as lower-case hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined
  const digest = subtle ? new Uint8Array(await subtle.digest('SHA-256', bytes)) : sha256InScript(bytes)
  return Array.from(digest, byte => byte.toString(16).padStart(2, '0')).join('')
}
