// The only composition point: workers, store and page are put together here.
import { createRoot } from 'react-dom/client'
import '@fontsource-variable/inter/wght.css'
import './ui/styles/tokens.css'
import './ui/styles/controls.css'
import './ui/styles/layout.css'
import './ui/styles/panels.css'
import './ui/styles/viewer.css'
import './ui/styles/lab.css'
import './ui/styles/insight.css'
import './ui/styles/models.css'
import './ui/styles/train.css'
import './ui/styles/finetune.css'
import { InputError } from './base/errors.ts'
import { rememberSettings } from './state/settings.ts'
import { createWorkbench } from './state/store.ts'
import { App } from './ui/App.tsx'
import { HeldContext } from './ui/lab/useHeld.ts'
import { saveFile } from './ui/saveFile.ts'
import { WorkbenchContext } from './ui/useWorkbench.ts'
import { forecastPreviewVoxels, isSoftwareRenderer } from './ui/viewer/forecast.ts'
import { createHeldArrays } from './worker/heldArrays.ts'
import { startWorkers } from './worker/workers.ts'

const baseUrl = new URL('./', document.baseURI).href
const held = createHeldArrays()

/** Chromium reports the machine's memory in steps up to 8 GiB; other browsers say nothing. */
const deviceMemoryGib = (navigator as Navigator & { deviceMemory?: number }).deviceMemory ?? 8

const store = createWorkbench({
  // ?profile: the console shows where a GPU's time goes.
  workers: startWorkers(new URLSearchParams(location.search).has('profile')),
  held,
  baseUrl,
  previewVoxels: () => forecastPreviewVoxels(isSoftwareRenderer(), deviceMemoryGib),
  async fetchFile(path) {
    const response = await fetch(new URL(path, baseUrl))
    const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false
    if (!response.ok || isPage)
      throw new InputError(`The file ${path} is missing from this installation. Install the workbench again.`)
    return response.blob()
  },
  saveFile,
})
try {
  rememberSettings(store, localStorage)
} catch {
  // A browser that forbids storage throws at its mere mention: the page works without.
}
void store.getState().askDevice()
// A page that is hidden may be discarded without another word.
const saveRun = () => store.getState().saveRun()
document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && saveRun())
window.addEventListener('pagehide', saveRun)
const openLink = () => void store.getState().openViewHash(location.hash)
window.addEventListener('hashchange', openLink)
openLink()

createRoot(document.getElementById('root')!).render(
  <WorkbenchContext value={store}>
    <HeldContext value={held}>
      <App held={held} />
    </HeldContext>
  </WorkbenchContext>,
)
