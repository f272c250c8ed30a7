// What the page remembers between visits: how somebody likes to look. Never anything about a case.
import type { Workbench, WorkbenchStore } from './store.ts'

const KEY = 'workbench-settings-1'

type Settings = Pick<Workbench, 'layout' | 'mouseScheme' | 'isCasePanelOpen'>

const LAYOUTS: readonly string[] = ['axial-large', 'quad', 'volume', 'axial', 'coronal', 'sagittal']
const SCHEMES: readonly string[] = ['radiology', 'niivue']

/** What was kept, as far as it still makes sense; storage may be forbidden or hold anything. */
export function readSettings(storage: Pick<Storage, 'getItem'>): Partial<Settings> {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? '{}') as Partial<Record<keyof Settings, unknown>>
    const settings: { -readonly [Name in keyof Settings]?: Settings[Name] } = {}
    if (LAYOUTS.includes(String(kept.layout))) settings.layout = kept.layout as Settings['layout']
    if (SCHEMES.includes(String(kept.mouseScheme)))
      settings.mouseScheme = kept.mouseScheme as Settings['mouseScheme']
    if (typeof kept.isCasePanelOpen === 'boolean') settings.isCasePanelOpen = kept.isCasePanelOpen
    return settings
  } catch {
    return {}
  }
}

/** Restores what was kept and keeps what changes from now on. */
export function rememberSettings(store: WorkbenchStore, storage: Pick<Storage, 'getItem' | 'setItem'>): void {
  store.setState(readSettings(storage))
  let last = ''
  store.subscribe(({ layout, mouseScheme, isCasePanelOpen }) => {
    const text = JSON.stringify({ layout, mouseScheme, isCasePanelOpen } satisfies Settings)
    if (text === last) return
    last = text
    try {
      storage.setItem(KEY, text)
    } catch {
      // Storage that is full or forbidden costs the reader nothing but a repeated click.
    }
  })
}
