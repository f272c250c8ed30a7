// A run as one file: a zip of its folder, which `npm run pretrain` or `finetune -- --out FOLDER --resume` takes once it is
// unpacked. What comes in is checked before anything of it is kept.
import { strToU8, unzipSync, zipSync, type Zippable } from 'fflate'
import { InputError } from '../../base/errors.ts'
import { researchNotice } from '../../prediction/pipelineVersion.ts'
import { followedFile } from '../../training/finetune/followed.ts'
import { isOfCases, readFinetuneConfig, withoutCases } from '../../training/finetune/runRecord.ts'
import { configFile } from '../../training/run/config.ts'
import type { RunStorage } from '../../training/run/storage.ts'
import { cropSetFile } from '../../training/labelled/cropSetFile.ts'
import type { RunKind } from '../trainProtocol.ts'
import type { StoredFolder } from './fileStore.ts'

const noticeFile = 'NOTICE.txt'

/** What of its cases a run was packed with: their boxes, none because it keeps none, or none because they were left out. */
type Cases = 'with' | 'none' | 'left out'

function casesOf(names: readonly string[], isWithoutCases: boolean): Cases {
  if (isWithoutCases) return 'left out'
  return names.includes(cropSetFile) ? 'with' : 'none'
}

/** What whoever gets the file should know: above all whether images of patients are in it. */
function noticeOf(kind: RunKind, names: readonly string[], isWithoutCases: boolean): string {
  const command = kind === 'pretrain' ? 'pretrain' : 'finetune'
  const cases = casesOf(names, isWithoutCases)
  const learnt = {
    pretrain: 'what it learns from by content (data.json)',
    finetune: 'the model that it began with (start.json, start.safetensors)',
  }[kind]
  const boxes = `a box of voxels around each lesion that it learns from, with its outline and label and without a
name (${cropSetFile})`
  const place = `a place of the scan that was open when it began (${followedFile})`
  const images = [
    ...(cases === 'with' ? [boxes] : []),
    ...(!isWithoutCases && names.includes(followedFile) ? [place] : []),
  ]
  const shown =
    images.length > 0
      ? `IT HOLDS IMAGES: ${images.join('; ')}. Pass it on only to those who may see them.`
      : `It holds no image.${cases === 'left out' ? ' Its cases, and what was outlined of them, were left out of this file.' : ''}`
  const needed = {
    with: 'It needs nothing else to go on.',
    none: 'It needs its labelled cases again: --data FOLDER, the same as when it was begun.',
    'left out':
      'Its result, history and model can be looked at and used. It does not go on, and shows no picture of a case,\nuntil the same labelled cases are given again: --data FOLDER.',
  }[cases]
  const again = {
    pretrain: 'A run that learns from volumes needs them again: --data FILES, in the same order.',
    finetune: needed,
  }[kind]
  return `${researchNotice}.

This is a training run of SMARTFormer Workbench: its settings (config.json), its history (history.jsonl), ${learnt}
and its last save (checkpoint-*.safetensors, named by latest.json). ${shown}

Open it in the page (Train, Runs, Import), or unpack it into a folder and continue it in Node:

  npm run ${command} -- --out FOLDER --resume

${again} Another device, backend or version computes other last digits, and the run says so.
`
}

/** Names that a run's folder may hold; all of them flat. */
const nameRule = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/
/** Never part of what is passed on. */
const ownFiles = new Set(['lease.json', 'lock.json', noticeFile])
/** What Node's command writes beside a run when it has ended, and what file managers leave: none of it is of the run. */
const isBeside = (path: string): boolean => /^(__MACOSX\/|model\/)|(^|\/)\.[^./]/.test(path)
const mostFiles = 1000
const mostBytes = 8 * 2 ** 30

/** Weights and crops hardly shrink; text does. */
const levelOf = (name: string): 0 | 6 => (/\.(jsonl?|txt|csv|svg)$/.test(name) ? 6 : 0)

/** The files of a folder that are passed on, by name. */
async function filesOf(folder: StoredFolder, isWithoutCases: boolean) {
  const names = (await folder.files()).map(({ name }) => name).filter(name => !ownFiles.has(name))
  if (!isWithoutCases) return { names, read: (name: string) => folder.read(name) }
  const config = await readFinetuneConfig(folder)
  if (!config) throw new InputError('Only a fine-tuning run has cases that it can be exported without.')
  const record = strToU8(`${JSON.stringify(withoutCases(config), null, 1)}\n`)
  const read = (name: string) => (name === configFile ? Promise.resolve(record) : folder.read(name))
  return { names: names.filter(name => !isOfCases(name)), read }
}

/**
 * @param isWithoutCases leaves out what shows cases of a fine-tuning; it goes on only where they are given again
 * @param onFile files read so far, of how many
 */
export async function packRun(
  folder: StoredFolder,
  kind: RunKind,
  isWithoutCases: boolean,
  onFile: (done: number, total: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { names, read } = await filesOf(folder, isWithoutCases)
  const notice = strToU8(noticeOf(kind, names, isWithoutCases))
  const files: Zippable = { [noticeFile]: [notice, { level: 6 }] }
  for (const [index, name] of names.entries()) {
    onFile(index, names.length)
    const bytes = await read(name)
    if (bytes) files[name] = [bytes, { level: levelOf(name) }]
  }
  onFile(names.length, names.length)
  return zipSync(files) as Uint8Array<ArrayBuffer>
}

const notARun = (why: string, details?: string) =>
  new InputError(
    `This file is no training run that can be read here: ${why} A zip as the page exports it, or a zipped run folder, is expected.`,
    details,
  )

/** Files by their flat names. @throws InputError for a damaged archive and for one that holds anything else. */
export function unpackRun(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  let total = 0
  let count = 0
  let entries: Record<string, Uint8Array>
  try {
    entries = unzipSync(bytes, {
      filter({ name, originalSize }) {
        total += originalSize
        count++
        if (total > mostBytes || count > mostFiles)
          throw notARun(`it would unpack to more than ${mostFiles} files or ${mostBytes / 2 ** 30} GB.`)
        return !name.endsWith('/')
      },
    })
  } catch (error) {
    if (error instanceof InputError) throw error
    throw notARun('it is no zip, or it is damaged.', String(error))
  }
  const config = Object.keys(entries).filter(name => /(^|\/)config\.json$/.test(name))
  if (config.length !== 1)
    throw notARun(config.length === 0 ? 'it has no config.json.' : 'it holds more than one run.')
  const prefix = config[0].slice(0, -'config.json'.length)
  const files = new Map<string, Uint8Array>()
  for (const [path, content] of Object.entries(entries)) {
    const name = path.slice(prefix.length)
    if (isBeside(path) || (path.startsWith(prefix) && isBeside(name))) continue
    if (!path.startsWith(prefix) || !nameRule.test(name))
      throw notARun(`it holds “${path.slice(0, 80)}”, which belongs to no run.`)
    if (!ownFiles.has(name)) files.set(name, content)
  }
  return files
}

/** The files of an archive as a run's storage that cannot be written: to be judged before it is kept. */
export function readOnlyStorage(files: ReadonlyMap<string, Uint8Array>): RunStorage {
  const refuse = () => Promise.reject(new Error('readOnlyStorage: an archive is not written.'))
  return { read: name => Promise.resolve(files.get(name)), write: refuse, append: refuse, remove: refuse }
}
