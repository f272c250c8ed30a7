// Setting up a fine-tuning run in the compute worker: what to recommend for these cases on this device, and what it takes.
import { modelIdentity, parseManifest } from '../network/model.ts'
import { forecastFinetuning } from '../training/finetune/forecast.ts'
import { recommendSettings } from '../training/finetune/recommend.ts'
import { problemsOfSettings } from '../training/finetune/requireSettings.ts'
import type { FinetuneTasks } from './finetuneProtocol.ts'
import type { ModelSource } from './labProtocol.ts'
import { readModel } from './modelSource.ts'
import { describePlace, hasGpu } from './runtime.ts'
import type { Handlers } from './serveTasks.ts'

async function startOf(source: ModelSource) {
  const { manifest: described, weights } = await readModel(source)
  const manifest = parseManifest(described)
  return { manifest, identity: await modelIdentity(manifest, weights) }
}

async function deviceKind(): Promise<{ kind: 'cpu' | 'gpu'; threads: number }> {
  const threads = navigator.hardwareConcurrency || 1
  return { kind: (await hasGpu()) ? 'gpu' : 'cpu', threads }
}

export const finetuneHandlers: Handlers<FinetuneTasks> = {
  async recommendFinetuning({ task, method, start, summary }) {
    const parent = start && (await startOf(start))
    const recommended = recommendSettings(summary, task, parent, await deviceKind(), method ?? undefined)
    return { result: recommended }
  },

  async forecastFinetuning({ settings, summary, cases }) {
    const { updates, gpuBytes, saveBytes } = forecastFinetuning(settings, { cases })
    const problems = problemsOfSettings(settings, summary)
    const device = await describePlace()
    return { result: { updates, gpuBytes, saveBytes, device, problems } }
  },
}
