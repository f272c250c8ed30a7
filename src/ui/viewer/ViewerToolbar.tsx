// Over the views: layout, window preset and typed width and level, mouse scheme, reset.
import { ChevronDown, Columns2, Grid2x2, Maximize, Mouse, RotateCcw, Square } from 'lucide-react'
import { Button, Menu, MenuItem, MenuTrigger, Popover } from 'react-aria-components'
import type { Layout, MouseScheme } from '../../state/viewSlice.ts'
import { WINDOW_PRESETS } from '../../state/windowPresets.ts'
import { Hint } from '../Hint.tsx'
import { useWorkbench } from '../useWorkbench.ts'
import type { CtViewer } from './ctViewer.ts'
import { LAYOUT_NAMES } from './layouts.ts'
import { TypedNumber } from './TypedNumber.tsx'

const LAYOUT_ICONS: Partial<Record<Layout, typeof Square>> = { 'axial-large': Columns2, quad: Grid2x2 }
const LAYOUT_KEYS: Partial<Record<Layout, string>> = { axial: 'A', coronal: 'C', sagittal: 'S' }
const SCHEME_NAMES: Record<MouseScheme, string> = { radiology: 'Radiology mouse', niivue: 'NiiVue mouse' }

export function ViewerToolbar({ viewer }: { viewer: CtViewer | null }) {
  const layout = useWorkbench(state => state.layout)
  const setLayout = useWorkbench(state => state.setLayout)
  const Icon = LAYOUT_ICONS[layout] ?? Square
  return (
    <div className="viewer-toolbar" role="toolbar" aria-label="Viewer">
      <MenuTrigger>
        <Button className="button small" aria-label="Layout">
          <Icon size={14} aria-hidden /> {LAYOUT_NAMES[layout]} <ChevronDown size={13} aria-hidden />
        </Button>
        <Popover className="popover">
          <Menu
            className="menu"
            selectionMode="single"
            selectedKeys={[layout]}
            onAction={key => setLayout(key as Layout)}
          >
            {(Object.keys(LAYOUT_NAMES) as Layout[]).map(name => (
              <MenuItem key={name} id={name} textValue={LAYOUT_NAMES[name]}>
                {LAYOUT_NAMES[name]} {LAYOUT_KEYS[name] && <kbd>{LAYOUT_KEYS[name]}</kbd>}
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
      <WindowControls />
      <span className="top-space" />
      <MouseMenu />
      <Hint text="Reset zoom and position (0)">
        <Button className="icon-button" aria-label="Reset the view" onPress={() => viewer?.resetView()}>
          <RotateCcw size={15} />
        </Button>
      </Hint>
      <Hint text="Full screen">
        <Button className="icon-button" aria-label="Full screen" onPress={toggleFullScreen}>
          <Maximize size={15} />
        </Button>
      </Hint>
    </div>
  )
}

function toggleFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen()
  else void document.documentElement.requestFullscreen()
}

function WindowControls() {
  const window = useWorkbench(state => state.window)
  const own = useWorkbench(state => state.fileWindow)
  const pick = useWorkbench(state => state.pickPreset)
  const setWindow = useWorkbench(state => state.setWindow)
  const presets = [...WINDOW_PRESETS, { ...own, name: `File: ${own.name}` }]
  return (
    <>
      <MenuTrigger>
        <Button className="button small" aria-label={`Window: ${window.name}`}>
          {window.name} <ChevronDown size={13} aria-hidden />
        </Button>
        <Popover className="popover">
          <Menu className="menu" onAction={key => pick(Number(key))}>
            {presets.map((preset, index) => (
              <MenuItem key={preset.name} id={index + 1} textValue={preset.name}>
                {preset.name}
                <span className="secondary figures">
                  {preset.widthHu} / {preset.levelHu}
                </span>
                <kbd>{index + 1}</kbd>
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      </MenuTrigger>
      <TypedNumber
        label="W"
        name="Window width in HU"
        value={window.widthHu}
        set={widthHu => setWindow({ ...window, name: 'Own', widthHu })}
      />
      <TypedNumber
        label="L"
        name="Window level in HU"
        value={window.levelHu}
        set={levelHu => setWindow({ ...window, name: 'Own', levelHu })}
      />
    </>
  )
}

function MouseMenu() {
  const scheme = useWorkbench(state => state.mouseScheme)
  const setScheme = useWorkbench(state => state.setMouseScheme)
  return (
    <MenuTrigger>
      <Button className="button small" aria-label={`Mouse: ${SCHEME_NAMES[scheme]}`}>
        <Mouse size={14} aria-hidden /> {SCHEME_NAMES[scheme]} <ChevronDown size={13} aria-hidden />
      </Button>
      <Popover className="popover">
        <Menu
          className="menu"
          selectionMode="single"
          selectedKeys={[scheme]}
          onAction={key => setScheme(key as MouseScheme)}
        >
          <MenuItem id="radiology" textValue={SCHEME_NAMES.radiology}>
            {SCHEME_NAMES.radiology} <span className="secondary">left windows, wheel slices</span>
          </MenuItem>
          <MenuItem id="niivue" textValue={SCHEME_NAMES.niivue}>
            {SCHEME_NAMES.niivue} <span className="secondary">left crosshair, right windows</span>
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  )
}
