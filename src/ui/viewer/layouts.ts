// Where the views stand, as fractions of the canvas.
import { SLICE_TYPE } from '@niivue/niivue'
import type { Layout } from '../../state/viewSlice.ts'

interface View {
  sliceType: SLICE_TYPE
  /** left, top, width, height */
  position: [number, number, number, number]
}

const WHOLE: [number, number, number, number] = [0, 0, 1, 1]
const third = 1 / 3

export const LAYOUTS: Record<Layout, View[]> = {
  axial: [{ sliceType: SLICE_TYPE.AXIAL, position: WHOLE }],
  coronal: [{ sliceType: SLICE_TYPE.CORONAL, position: WHOLE }],
  sagittal: [{ sliceType: SLICE_TYPE.SAGITTAL, position: WHOLE }],
  volume: [{ sliceType: SLICE_TYPE.RENDER, position: WHOLE }],
  quad: [
    { sliceType: SLICE_TYPE.AXIAL, position: [0, 0, 0.5, 0.5] },
    { sliceType: SLICE_TYPE.CORONAL, position: [0.5, 0, 0.5, 0.5] },
    { sliceType: SLICE_TYPE.SAGITTAL, position: [0, 0.5, 0.5, 0.5] },
    { sliceType: SLICE_TYPE.RENDER, position: [0.5, 0.5, 0.5, 0.5] },
  ],
  'axial-large': [
    { sliceType: SLICE_TYPE.AXIAL, position: [0, 0, 0.67, 1] },
    { sliceType: SLICE_TYPE.CORONAL, position: [0.67, 0, 0.33, third] },
    { sliceType: SLICE_TYPE.SAGITTAL, position: [0.67, third, 0.33, third] },
    { sliceType: SLICE_TYPE.RENDER, position: [0.67, 2 * third, 0.33, third] },
  ],
}

export const LAYOUT_NAMES: Record<Layout, string> = {
  'axial-large': 'Axial large',
  quad: '2×2 with 3-D',
  axial: 'Axial',
  coronal: 'Coronal',
  sagittal: 'Sagittal',
  volume: '3-D',
}
