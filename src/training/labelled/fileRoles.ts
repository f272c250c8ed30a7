// What the names of files say: which is a scan, which a mask, and which belong together. Names differ from house to house:
// X.nii.gz with X_mask.nii.gz, images/X with labels/X, volume-0 with segmentation-0, a folder with image and mask.

const extension = /(\.nii|\.hdr|\.img|\.mha|\.mhd|\.nrrd|\.nhdr)?(\.gz)?$/i
const maskFolder =
  /^(masks?|segmentations?|segs?|labels?(tr|ts|va)?|annotations?|contours|groundtruths?|gts?)$/i
const imageFolder = /^(images?(tr|ts|va)?|imgs?|volumes?|scans?|cts?|dicoms?|dcms?)$/i

const maskWords = 'masks?|msk|seg|segm|segmentations?|labels?|labelmap|gt|groundtruth'
/** Words that a scan may carry too: they make a mask only where the rest of the name is a scan's. */
const lesionWords = 'lesions?|nodules?|tumou?rs?|roi|gtv|annotations?'
const maskSuffix = new RegExp(`^(?:(.*)[._\\- ])?(?:${maskWords})(?:[._\\- ]?(\\d{1,2}))?$`, 'i')
const lesionSuffix = new RegExp(`^(.+)[._\\- ](?:${lesionWords})(?:[._\\- ]?\\d{1,2})?$`, 'i')
const maskPrefix = new RegExp(`^(?:${maskWords})(?:[._\\- ]+|(?=\\d))(.+)$`, 'i')
const imageSuffix = /^(?:(.*)[._\- ])?(?:images?|img|ct|volume|scan|0000)$/i
const imagePrefix = /^(?:images?|img|volume|ct|scan)(?:[._\- ]+|(?=\d))(.+)$/i

export interface FileRole {
  /** Without folders and extension. */
  readonly stem: string
  /** Folders, those that only name a role left out. */
  readonly folders: readonly string[]
  /** True for a mask by name or folder, 'perhaps' where a scan of the rest of the name would make it one. */
  readonly isMask: boolean | 'perhaps'
  /** What scan and mask have in common, the likeliest first. */
  readonly keys: readonly string[]
}

export function keyOf(folders: readonly string[], stem: string): string {
  return [...folders, stem].join('/').toLowerCase()
}

export function roleFolders(folders: readonly string[]): string[] {
  return folders.filter(folder => !maskFolder.test(folder) && !imageFolder.test(folder))
}

export function withoutExtension(name: string): string {
  return name.replace(extension, '')
}

export function roleOf(path: string): FileRole {
  const all = path.split('/')
  const stem = withoutExtension(all.pop() ?? '')
  const folders = roleFolders(all)
  const suffix = maskSuffix.exec(stem)
  const prefix = maskPrefix.exec(stem)
  if (suffix || prefix || all.some(folder => maskFolder.test(folder))) {
    // "mask_2" is the second mask of its folder, or the mask of scan 2.
    const rests = [
      suffix ? (suffix[1] ?? '') : undefined,
      suffix && !suffix[1] ? suffix[2] : undefined,
      prefix?.[1],
      stem,
    ]
    const keys = rests.flatMap(rest => (rest === undefined ? [] : [keyOf(folders, rest)]))
    return { stem, folders, isMask: true, keys: [...new Set(keys)] }
  }
  const lesion = lesionSuffix.exec(stem)
  if (lesion) return { stem, folders, isMask: 'perhaps', keys: [keyOf(folders, lesion[1])] }
  return { stem, folders, isMask: false, keys: imageKeys(folders, stem) }
}

/** Names under which a mask may ask for a scan. */
export function imageKeys(folders: readonly string[], stem: string): string[] {
  const image = imageSuffix.exec(stem)
  const rests = [stem, image ? (image[1] ?? '') : undefined, imagePrefix.exec(stem)?.[1]]
  return [...new Set(rests.flatMap(rest => (rest === undefined ? [] : [keyOf(folders, rest)])))]
}
