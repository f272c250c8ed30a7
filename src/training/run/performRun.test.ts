import { describe, expect, it } from 'vitest'
import { memoryStorage } from '../pretrain/testSupport.ts'
import { loadState, saveState } from './checkpoint.ts'
import { RunControl } from './control.ts'
import { describeChange } from './environment.ts'
import { historyFile, readHistory, rewindHistory } from './history.ts'
import { performRun, type Updates } from './performRun.ts'
import type { RunStorage } from './storage.ts'

const shapes = { 'sum.of': [2] }

/** A run whose update adds its number to two values. */
function counting(steps: number, start = 0): Updates<{ readonly loss: number }> {
  let sum = start
  return {
    shapes,
    steps,
    advance(step) {
      sum += step
      return Promise.resolve({ loss: sum })
    },
    read: () => Promise.resolve({ 'sum.of': Float32Array.of(sum, -sum) }),
  }
}

function runOf(storage: RunStorage, from: number, start: number, control = new RunControl()) {
  const run = { storage, from, saveEvery: 2, control }
  return performRun(counting(5, start), run)
}

describe('a run', () => {
  it('writes a row for each update, saves every so many and at its end, and keeps the last save alone', async () => {
    const { storage, files } = memoryStorage()
    expect(await runOf(storage, 0, 0)).toBe('finished')
    expect((await readHistory(storage)).map(({ step }) => step)).toEqual([0, 1, 2, 3, 4])
    expect([...files.keys()].sort()).toEqual(['checkpoint-0000005.safetensors', historyFile, 'latest.json'])
    expect(await loadState(storage, shapes)).toEqual({
      step: 5,
      tensors: { 'sum.of': Float32Array.of(10, -10) },
    })
  })

  it('stops after the update in progress, saved, and goes on as if it had not', async () => {
    const { storage } = memoryStorage()
    const control = new RunControl()
    const run = { storage, from: 0, saveEvery: 100, control }
    const onRow = ({ step }: { readonly step: number }) => step === 2 && control.stop()
    expect(await performRun(counting(5), { ...run, onRow: row => void onRow(row) })).toBe('stopped')
    const saved = await loadState(storage, shapes)
    expect(saved?.step).toBe(3)
    expect(await runOf(storage, 3, saved!.tensors['sum.of'][0])).toBe('finished')
    expect((await loadState(storage, shapes))?.tensors['sum.of'][0]).toBe(10)
  })

  it('saves when it is asked to, and goes on', async () => {
    const { storage } = memoryStorage()
    const control = new RunControl()
    const saves: number[] = []
    const run = { storage, from: 0, saveEvery: 100, control }
    const onRow = ({ step }: { readonly step: number }) => void (step === 1 && control.save())
    const onSaved = (step: number) => void saves.push(step)
    expect(await performRun(counting(5), { ...run, onRow, onSaved })).toBe('finished')
    expect(saves).toEqual([2, 5])
  })

  it('rests while it is paused, saved before, and ends when it is stopped meanwhile', async () => {
    const { storage } = memoryStorage()
    const control = new RunControl()
    control.pause()
    expect(control.status).toBe('paused')
    const ending = runOf(storage, 0, 0, control)
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(await readHistory(storage)).toEqual([])
    control.resume()
    await new Promise(resolve => setTimeout(resolve, 20))
    expect(await ending).toBe('finished')
    const stopped = new RunControl()
    stopped.pause()
    const other = runOf(memoryStorage().storage, 0, 0, stopped)
    stopped.stop()
    expect(await other).toBe('stopped')
  })

  it('whose storage is full ends in a sentence with its last save untouched', async () => {
    const { storage } = memoryStorage(name => name === 'checkpoint-0000004.safetensors')
    await expect(runOf(storage, 0, 0)).rejects.toThrow(
      /could not be saved at step 4; the save of step 2 is untouched\. Make room/,
    )
    expect((await loadState(storage, shapes))?.step).toBe(2)
    expect((await rewindHistory(storage, 2)).map(({ step }) => step)).toEqual([0, 1])
  })

  it('whose pointer cannot be written keeps the save before', async () => {
    let isFull = false
    const { storage, files } = memoryStorage(name => isFull && name === 'latest.json')
    await saveState(storage, shapes, { step: 1, tensors: { 'sum.of': Float32Array.of(1, 2) } })
    isFull = true
    const next = { step: 2, tensors: { 'sum.of': Float32Array.of(3, 4) } }
    await expect(saveState(storage, shapes, next)).rejects.toThrow(/save of step 1 is untouched/)
    expect((await loadState(storage, shapes))?.step).toBe(1)
    expect([...files.keys()]).not.toContain('checkpoint-0000002.safetensors')
  })

  it('refuses a save of another architecture, a missing save and a damaged pointer', async () => {
    const { storage, files } = memoryStorage()
    await saveState(storage, shapes, { step: 1, tensors: { 'sum.of': Float32Array.of(1, 2) } })
    await expect(loadState(storage, { 'sum.of': [3] })).rejects.toThrow(/another architecture.*'sum\.of'/)
    files.delete('checkpoint-0000001.safetensors')
    await expect(loadState(storage, shapes)).rejects.toThrow(/checkpoint-0000001\.safetensors is missing/)
    files.set('latest.json', new TextEncoder().encode('{"checkpoint": "../other"}'))
    await expect(loadState(storage, shapes)).rejects.toThrow(/not what this version writes/)
    files.set('latest.json', new TextEncoder().encode('{'))
    await expect(loadState(storage, shapes)).rejects.toThrow(/latest\.json cannot be read/)
  })

  it('drops a history line that a crash cut off', async () => {
    const { storage } = memoryStorage()
    await storage.append(historyFile, '{"step":0}\n{"step":1}\n{"st')
    expect(await readHistory(storage)).toEqual([{ step: 0 }, { step: 1 }])
  })
})

describe('where a run is computed', () => {
  it('is compared by all that is known of it', () => {
    const before = { device: 'cpu', threads: 1, node: 'v20' }
    expect(describeChange(before, { ...before })).toBeUndefined()
    expect(describeChange(before, { ...before, threads: 2 })).toMatch(/threads 1 → 2.*no longer identical/)
    expect(describeChange(before, { device: 'cpu', threads: 1 })).toMatch(/node v20 → unknown/)
  })
})
