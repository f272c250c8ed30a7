// Augmentation with a live preview: the same case as it is, and as training would see it.
import { RefreshCw } from 'lucide-react'
import { useEffect, useMemo } from 'react'
import { Button } from 'react-aria-components'
import type { AugmentedCrop, AugmentOptions } from '../../../worker/labelledProtocol.ts'
import { useHeld } from '../../lab/useHeld.ts'
import { useWorkbench } from '../../useWorkbench.ts'
import { NumberRow } from '../fields/NumberRow.tsx'
import { SwitchRow } from '../fields/SwitchRow.tsx'
import { boxSlice } from '../pictures/boxSlice.ts'
import { SlicePicture } from '../pictures/SlicePicture.tsx'

export function AugmentFields({ options }: { options: AugmentOptions }) {
  const changeFinetuning = useWorkbench(state => state.changeFinetuning)
  const change = (part: Partial<AugmentOptions>) => changeFinetuning({ augment: { ...options, ...part } })
  return (
    <>
      <Preview options={options} />
      <SwitchRow name="Mirror" isSelected={options.flip} set={flip => change({ flip })} />
      <NumberRow
        name="Rotation, up to"
        value={options.rotationDegrees}
        low={0}
        high={45}
        unit="°"
        set={rotationDegrees => change({ rotationDegrees })}
      />
      <NumberRow
        name="Size, up to ±"
        value={Math.round(options.scaling * 100)}
        low={0}
        high={40}
        unit="%"
        set={percent => change({ scaling: percent / 100 })}
      />
      <NumberRow
        name="Shift, up to ±"
        value={options.shiftVoxels}
        low={0}
        high={8}
        unit="voxels"
        set={shiftVoxels => change({ shiftVoxels })}
      />
      <NumberRow
        name="Offset, up to ±"
        value={options.huOffset}
        low={0}
        high={200}
        step={5}
        unit="HU"
        set={huOffset => change({ huOffset })}
      />
      <NumberRow
        name="Contrast, up to ±"
        value={Math.round(options.contrast * 100)}
        low={0}
        high={30}
        unit="%"
        set={percent => change({ contrast: percent / 100 })}
      />
      <NumberRow
        name="Noise"
        value={options.noiseHu}
        low={0}
        high={100}
        step={1}
        unit="HU"
        set={noiseHu => change({ noiseHu })}
      />
    </>
  )
}

function Preview({ options }: { options: AugmentOptions }) {
  const preview = useWorkbench(state => state.previewAugmentation)
  const next = useWorkbench(state => state.previewNextCase)
  useWorkbench(state => state.augmentSerial)
  const crops = useHeld().training.augmented
  useEffect(() => {
    void preview()
  }, [preview, options])
  return (
    <>
      <ul className="case-grid" aria-label="Preview of the augmentation">
        {crops.map((crop, i) => (
          <li key={i}>
            <AugmentedPicture crop={crop} name={i === 0 ? 'as it is' : `epoch ${i}`} />
          </li>
        ))}
      </ul>
      <div className="export-row">
        <Button className="button small" onPress={next}>
          <RefreshCw size={13} aria-hidden /> Another case
        </Button>
      </div>
    </>
  )
}

function AugmentedPicture({ crop, name }: { crop: AugmentedCrop; name: string }) {
  const slice = useMemo(() => boxSlice(crop.hu, crop.shape, { truth: crop.mask ?? undefined }), [crop])
  return (
    <figure className="crop-figure">
      <SlicePicture slice={slice} label={`The case ${name}`} />
      <figcaption className="secondary">{name}</figcaption>
    </figure>
  )
}
