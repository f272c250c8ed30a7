// The page without a case: two large choices and one sentence on privacy.
import { Compass, FileScan, FolderOpen, Files, Play } from 'lucide-react'
import { Button, FileTrigger } from 'react-aria-components'
import { fromFileList } from '../pickFiles.ts'
import { ViewNotices } from '../lab/TakeAwaySection.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import { DEMO_CASES } from '../../state/demoCases.ts'

export function Landing() {
  const openDemo = useWorkbench(state => state.openDemo)
  const startTour = useWorkbench(state => state.startTour)
  const isViewWaiting = useWorkbench(state => state.pendingView !== null)
  return (
    <div className="landing">
      <div className="choices">
        <section className="choice choice-open" aria-labelledby="open-title">
          <FileScan size={40} strokeWidth={1.25} aria-hidden />
          <h2 id="open-title">Open a CT</h2>
          <p>Drop it anywhere on this page: a DICOM folder or zip, or a NIfTI, NRRD or MetaImage file.</p>
          <OpenButtons isPrimary />
        </section>
        <section className="choice" aria-labelledby="demo-title">
          <Play size={40} strokeWidth={1.25} aria-hidden />
          <h2 id="demo-title">Try the demo</h2>
          <p>A synthetic chest with known nodules. No patient, no download.</p>
          <div className="choice-buttons">
            {DEMO_CASES.map((demo, index) => (
              <Button
                key={demo.path}
                className={index === 0 ? 'button primary' : 'button'}
                onPress={() => openDemo(demo)}
              >
                {demo.title}
              </Button>
            ))}
            <Button className="button" onPress={() => void startTour()}>
              <Compass size={15} aria-hidden /> Guided tour
            </Button>
          </div>
        </section>
      </div>
      {isViewWaiting && (
        <p className="notice" role="status">
          A view of the attention lab waits for its scan: open the scan that it was made on.
        </p>
      )}
      <ViewNotices />
      <p className="privacy">
        Everything happens on this computer: no image, name or result is sent anywhere.
      </p>
    </div>
  )
}

export function OpenButtons({ isPrimary = false }: { isPrimary?: boolean }) {
  const openFiles = useWorkbench(state => state.openFiles)
  const open = (list: FileList | null) => {
    if (!list) return
    const { files, title } = fromFileList(list)
    void openFiles(files, title)
  }
  return (
    <div className="choice-buttons">
      <FileTrigger allowsMultiple onSelect={open}>
        <Button className={isPrimary ? 'button primary' : 'button'}>
          <Files size={15} aria-hidden /> Choose files
        </Button>
      </FileTrigger>
      <FileTrigger acceptDirectory onSelect={open}>
        <Button className="button">
          <FolderOpen size={15} aria-hidden /> Choose a folder
        </Button>
      </FileTrigger>
    </div>
  )
}
