// A model opened to be looked into: its networks with semantic attention, student and teacher, and the programs that are
// compiled from them on demand and kept while they are used.
import { InputError } from '../base/errors.ts'
import type { ModelManifest, NetworkEntry, NetworkTask } from '../network/model.ts'
import { modelIdentity, networkTasks, parseManifest, taskParts, teacherPrefix } from '../network/model.ts'
import type { ModelFiles } from '../prediction/loadModel.ts'
import type { ModelPlaces } from '../prediction/steadyModel.ts'
import type { Parameter } from '../prediction/weights.ts'
import { readWeights, takeParameters } from '../prediction/weights.ts'
import type { LabProgram, SteadyProgram } from './steadyProgram.ts'
import { openSteadyProgram } from './steadyProgram.ts'

/** Whose eyes: the network that learnt by gradients, or its momentum teacher. */
export type Role = 'student' | 'teacher'

export interface LabModel {
  readonly manifest: ModelManifest
  readonly identity: string
  /** @throws InputError when the model has no such network or no teacher. */
  parameters(task: NetworkTask, role: Role): Readonly<Record<string, Parameter>>
  /** The program of that key, compiled at its first use. The keys name everything that `make` depends on. */
  program(key: string, make: () => LabProgram): Promise<SteadyProgram>
  release(): Promise<void>
}

/** Compiled programs kept of a model; the one that was used longest ago goes first. */
const mostPrograms = 4

/** Networks of a model that have semantic attention. */
export function tasksWithAttention({ networks }: ModelManifest): NetworkTask[] {
  return networkTasks.filter(task => networks[task] && taskParts[task].sa)
}

/** @throws InputError when the model has no network of that task. */
export function requireEntry({ manifest }: LabModel, task: NetworkTask): NetworkEntry {
  const entry = manifest.networks[task]
  if (entry) return entry
  throw new InputError(
    `The model “${manifest.name}” has no network '${task}'; choose one of ${Object.keys(manifest.networks).join(', ')}.`,
  )
}

/**
 * Checks a model's files.
 * @throws InputError when they are damaged, do not belong together, or no network of them has semantic attention.
 */
export async function openLabModel(files: ModelFiles, places: ModelPlaces): Promise<LabModel> {
  const manifest = parseManifest(files.manifest)
  if (tasksWithAttention(manifest).length === 0)
    throw new InputError(
      `The model “${manifest.name}” has no semantic attention, which the lab looks at; choose a model with a classification or pretraining network.`,
    )
  const weights = await readWeights(manifest, files.weights)
  const programs = new Map<string, Promise<SteadyProgram>>()
  return {
    manifest,
    identity: await modelIdentity(manifest, files.weights),
    parameters(task, role) {
      const entry = manifest.networks[task]
      if (!entry || (role === 'teacher' && !entry.teacher))
        throw new InputError(
          `The model “${manifest.name}” has no ${role} of '${task}'; choose another network of it.`,
        )
      return takeParameters(weights, role === 'teacher' ? teacherPrefix : entry.prefix)
    },
    program(key, make) {
      const opened = programs.get(key) ?? openSteadyProgram(make(), places)
      programs.delete(key)
      programs.set(key, opened)
      opened.catch(() => programs.delete(key))
      for (const [old, program] of programs) {
        if (programs.size <= mostPrograms) break
        programs.delete(old)
        void program.then(one => one.release())
      }
      return opened
    },
    async release() {
      const all = [...programs.values()]
      programs.clear()
      for (const program of all) await program.then(one => one.release()).catch(() => undefined)
    },
  }
}
