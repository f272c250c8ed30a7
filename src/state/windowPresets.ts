// Window presets (width/level in HU) and which one a scan opens with.
import type { WindowSetting } from '../volume/volume.ts'

export const LUNG: WindowSetting = { name: 'Lung', widthHu: 1500, levelHu: -600 }

/** In the order of their keys 1…4; the file's own window has key 5. */
export const WINDOW_PRESETS: readonly WindowSetting[] = [
  LUNG,
  { name: 'Mediastinum', widthHu: 350, levelHu: 50 },
  { name: 'Bone', widthHu: 1800, levelHu: 400 },
  { name: 'Liver', widthHu: 150, levelHu: 30 },
]

/** The file's own window; where it names none, one that spans its HU between its extremes. */
export function fileWindow(
  windows: readonly WindowSetting[],
  hu: { readonly min: number; readonly max: number },
): WindowSetting {
  const own = windows.find(window => window.widthHu >= 1)
  if (own) return { ...own, name: own.name === '' ? 'File' : own.name }
  const widthHu = Math.max(1, Math.round(hu.max - hu.min))
  return { name: 'Full range', widthHu, levelHu: Math.round((hu.min + hu.max) / 2) }
}

export const WIDTH_HU = { min: 1, max: 10_000 } as const
export const LEVEL_HU = { min: -5_000, max: 10_000 } as const

export function clampWindow(window: WindowSetting): WindowSetting {
  const widthHu = Math.round(Math.min(WIDTH_HU.max, Math.max(WIDTH_HU.min, window.widthHu)))
  const levelHu = Math.round(Math.min(LEVEL_HU.max, Math.max(LEVEL_HU.min, window.levelHu)))
  return { name: window.name, widthHu, levelHu }
}
