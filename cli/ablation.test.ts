import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { testCommand } from './support/testCommand.ts'

const isFull = Boolean(process.env.SMARTFORMER_FULL)

// Four pretrainings and five probes: a minute idle, so in test:full alone.
it.skipIf(!isFull)(
  'the ablation stops at its budget, goes on where it ended, and fills its table',
  async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'ablation-'))
    const report = path.join(folder, 'report.md')
    const place = ['--out', path.join(folder, 'runs'), '--report', report, '--cubes', 'none']
    const small = ['--steps', '2', '--batch', '1', '--seeds', '1', '--probe-phantoms', '6']
    const first = await testCommand('ablation', '--minutes', '0.01', ...place, ...small)
    expect(first.code, first.err).toBe(0)
    expect(first.out).toMatch(/Not all is done/)
    const second = await testCommand('ablation', '--minutes', '20', ...place)
    expect(second.code, second.err).toBe(0)
    expect(second.out).toMatch(/All is done\./)
    const text = await readFile(report, 'utf8')
    expect(text).toMatch(/2 updates of 1 crops/)
    expect(text).not.toMatch(/not yet/)
    expect(text.match(/^\| [a-z-]+-seed1 \| 0\.\d+ \|/gm)).toHaveLength(4)
    const weights = path.join(folder, 'runs', 'smart-seed1', 'checkpoint-0000002.safetensors')
    expect((await stat(weights)).size).toBeGreaterThan(1e6)
    await rm(folder, { recursive: true })
  },
  600_000,
)
