// Which masks belong to which scan: by name for files of one volume, by the series that they name for DICOM and LIDC XML.
import { parseDataSet } from '../../volume/dicom/dataSet.ts'
import { readContourSet } from '../../volume/dicom/contours.ts'
import { readSegmentation } from '../../volume/dicom/segmentation.ts'
import {
  sentenceOf,
  type DicomScan,
  type LabelledFiles,
  type RasterFile,
} from '../../volume/labelledFiles.ts'
import { readLidcXml } from '../../volume/lidcXml.ts'
import type { SeriesSource } from '../../volume/source.ts'
import type { ScanFile } from '../../volume/volume.ts'
import type { LeftOut } from './cohort.ts'
import { imageKeys, keyOf, roleFolders, roleOf, type FileRole } from './fileRoles.ts'

export type MaskKind = 'raster' | 'segmentation' | 'contours' | 'reading'

/** Where lesions of a scan come from; opened when the scan is. */
export interface MaskSpec {
  readonly kind: MaskKind
  readonly path: string
  /** Of a raster. */
  readonly source?: SeriesSource
  /** Of everything else. */
  readonly file?: ScanFile
}

export interface ScanSpec {
  /** For the screen; no two are the same. */
  readonly name: string
  /** What a table may call it, lower case. */
  readonly names: readonly string[]
  /** What the files say; null where they do not. */
  readonly patient: string | null
  readonly source: SeriesSource
  readonly masks: readonly MaskSpec[]
}

export interface PairedScans {
  readonly scans: readonly ScanSpec[]
  readonly leftOut: readonly LeftOut[]
}

interface Draft {
  readonly source: SeriesSource
  readonly title: string
  readonly path: string
  readonly names: readonly string[]
  /** What a mask's name may be matched with. */
  readonly keys: readonly string[]
  readonly dicom: DicomScan | null
  readonly masks: MaskSpec[]
}

/** Damaged companions and masks without a scan are left out by name. */
export async function pairScans(files: LabelledFiles): Promise<PairedScans> {
  const roles = files.rasters.map(raster => ({ raster, role: roleOf(raster.path) }))
  const sure = roles.filter(({ role }) => role.isMask !== true)
  const keys = new Set(sure.flatMap(({ role }) => imageKeys(role.folders, role.stem)))
  const isMask = ({ isMask, keys: wanted }: FileRole) =>
    isMask === 'perhaps' ? wanted.some(key => keys.has(key)) : isMask
  const drafts = [
    ...files.scans.map(dicomDraft),
    ...roles.filter(({ role }) => !isMask(role)).map(({ raster, role }) => rasterDraft(raster, role)),
  ]
  const leftOut: LeftOut[] = files.broken.map(({ path, why }) => ({ id: path, why }))
  for (const { raster, role } of roles) {
    if (!isMask(role)) continue
    const draft = draftOfMask(drafts, role)
    if (draft) draft.masks.push({ kind: 'raster', path: raster.path, source: raster.source })
    else leftOut.push({ id: raster.path, why: lonelyMask(raster.path) })
  }
  await addCompanions(files, drafts, leftOut)
  return { scans: nameDrafts(drafts), leftOut }
}

function lonelyMask(path: string): string {
  return `${path} is a mask by its name, but there is no scan that it belongs to; a scan of the same name (X.nii.gz for X_mask.nii.gz) is expected beside it.`
}

function draftOfMask(drafts: readonly Draft[], role: FileRole): Draft | undefined {
  for (const key of role.keys) {
    const found = drafts.find(draft => draft.keys.includes(key))
    if (found) return found
  }
  // Masks kept apart from their scans: the last name alone, where only one scan has it.
  const last = role.keys.map(key => key.split('/').pop()!).filter(Boolean)
  const same = drafts.filter(draft => draft.keys.some(key => last.includes(key.split('/').pop()!)))
  return same.length === 1 ? same[0] : undefined
}

function rasterDraft(raster: RasterFile, role: FileRole): Draft {
  const keys = imageKeys(role.folders, role.stem)
  const folder = role.folders[role.folders.length - 1]
  const isNamedByFolder = keys.includes(keyOf(role.folders, '')) && folder !== undefined
  return {
    source: raster.source,
    title: isNamedByFolder ? folder : role.stem,
    path: raster.path,
    names: [...keys, ...keys.map(key => key.split('/').pop()!), ...(isNamedByFolder ? [folder] : [])],
    keys,
    dicom: null,
    masks: [],
  }
}

function dicomDraft(scan: DicomScan): Draft {
  const folders = roleFolders(scan.folder.split('/').filter(Boolean))
  const folder = folders[folders.length - 1]
  const inner = keyOf(folders, '')
  const beside = folder === undefined ? [] : [keyOf(folders.slice(0, -1), folder)]
  return {
    source: scan.source,
    title: scan.patientId || folder || scan.source.summary.description || 'series',
    path: scan.folder,
    names: [scan.patientId, scan.seriesUid, scan.source.summary.id, scan.studyUid, folder ?? '', scan.folder],
    keys: [inner, ...beside],
    dicom: scan,
    masks: [],
  }
}

interface Named {
  readonly seriesUids: readonly string[]
  readonly frameOfReferenceUid: string
}

async function addCompanions(
  files: LabelledFiles,
  drafts: readonly Draft[],
  leftOut: LeftOut[],
): Promise<void> {
  const dicom = drafts.filter(draft => draft.dicom !== null)
  const all = [
    ...files.segmentations.map(file => ({ file, kind: 'segmentation' as const })),
    ...files.contours.map(file => ({ file, kind: 'contours' as const })),
    ...files.readings.map(file => ({ file, kind: 'reading' as const })),
  ]
  for (const { file, kind } of all) {
    try {
      const named = await readNames(file, kind)
      const draft = draftOfSeries(dicom, named)
      if (draft) draft.masks.push({ kind, path: file.path, file })
      else leftOut.push({ id: file.path, why: lonelyCompanion(file.path, kind, named) })
    } catch (error) {
      leftOut.push({ id: file.path, why: sentenceOf(error, file.path) })
    }
  }
}

async function readNames(file: ScanFile, kind: Exclude<MaskKind, 'raster'>): Promise<Named> {
  const bytes = await file.bytes()
  if (kind === 'reading') {
    const { seriesInstanceUid } = readLidcXml(new TextDecoder().decode(bytes), file.path)
    return { seriesUids: [seriesInstanceUid], frameOfReferenceUid: '' }
  }
  return kind === 'contours'
    ? readContourSet(parseDataSet(bytes, true), file.path)
    : readSegmentation(parseDataSet(bytes, true), file)
}

/** The series by its UID, or the only one in the same frame of reference. */
function draftOfSeries(drafts: readonly Draft[], { seriesUids, frameOfReferenceUid }: Named) {
  const byUid = drafts.find(({ dicom }) => seriesUids.includes(dicom!.seriesUid))
  const inFrame = drafts.filter(
    ({ dicom }) => frameOfReferenceUid !== '' && dicom!.frameOfReferenceUid === frameOfReferenceUid,
  )
  return byUid ?? (inFrame.length === 1 ? inFrame[0] : undefined)
}

const kindNames = {
  segmentation: 'a segmentation',
  contours: 'a set of contours',
  reading: 'a file of readers’ outlines',
} as const

function lonelyCompanion(path: string, kind: keyof typeof kindNames, { seriesUids }: Named): string {
  const uid = seriesUids[0] ? `the series ${seriesUids[0]}` : 'a series that it does not name'
  return `${path} is ${kindNames[kind]} of ${uid}, which is not among these files; add that CT series, or leave the file out.`
}

/** Titles that several scans share are told apart by their path, then by number. */
function nameDrafts(drafts: readonly Draft[]): ScanSpec[] {
  const count = (title: string) => drafts.filter(draft => draft.title === title).length
  const taken = new Set<string>()
  return drafts.map(({ title, path, names, dicom, source, masks }) => {
    const wanted = count(title) > 1 && path ? path : title
    let name = wanted
    for (let n = 2; taken.has(name); n++) name = `${wanted} (${n})`
    taken.add(name)
    return {
      name,
      names: [...new Set([name, title, ...names].map(one => one.toLowerCase()).filter(Boolean))],
      patient: dicom?.patientId || null,
      source,
      masks,
    }
  })
}
