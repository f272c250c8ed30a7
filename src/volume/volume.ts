// What a scan is once it is in memory, and what is remembered of the file it came from.
import type { Affine, Grid, Triple } from '../base/shape.ts'

/**
 * A CT volume in memory: int16 HU, shape [D,H,W] with W fastest, axes S+, A+, R+ (the memory order of a RAS NIfTI).
 * `affine` maps (w,h,d,1) to RAS mm; it may still be oblique, its axes are only the closest ones.
 */
export interface Volume extends Grid {
  readonly hu: Int16Array
}

/** The grid as the file stores it (its third axis is D), and how memory axes are taken from it. */
export interface FileGrid extends Grid {
  readonly shape: Triple
  readonly spacingMm: Triple
  readonly affine: Affine
  /** Memory axis i runs along file axis `axes[i]`, reversed where `flips[i]`. */
  readonly axes: Triple
  readonly flips: readonly [boolean, boolean, boolean]
}

/** One file as it was dropped, picked, unzipped or found on disk; `bytes` may be called again. */
export interface ScanFile {
  readonly path: string
  readonly sizeBytes: number
  bytes(): Promise<Uint8Array>
  /** The first `count` bytes, where that is cheaper than all of them. */
  head?(count: number): Promise<Uint8Array>
}

export interface WindowSetting {
  readonly name: string
  readonly widthHu: number
  readonly levelHu: number
}

/** Identifiers kept for later export; never logged, never stored without the reader's knowledge. */
export interface DicomSource {
  readonly studyInstanceUid: string
  readonly seriesInstanceUid: string
  readonly frameOfReferenceUid: string
  readonly sopClassUid: string
  /** One per slice, in file order along D; an interpolated slice has an empty `sopInstanceUid`. */
  readonly slices: readonly { readonly sopInstanceUid: string; readonly positionLpsMm: Triple }[]
  /** Patient and study attributes by keyword, as read. */
  readonly attributes: Readonly<Record<string, string>>
}

export interface SeriesSummary {
  readonly id: string
  readonly description: string
  readonly modality: string
  readonly format: 'dicom' | 'nifti' | 'nrrd' | 'metaimage' | 'phantom'
  readonly shape: Triple
  readonly spacingMm: Triple
  readonly sliceThicknessMm?: number
  readonly kernel?: string
  /** A sentence when this series cannot be opened as a CT volume. */
  readonly problem?: string
}

export interface OpenedSeries extends SeriesSummary {
  readonly volume: Volume
  readonly fileGrid: FileGrid
  readonly hu: { readonly min: number; readonly max: number; readonly mean: number }
  readonly paddedVoxels: number
  readonly warnings: readonly string[]
  readonly windows: readonly WindowSetting[]
  readonly dicom?: DicomSource
  readonly synthetic: boolean
}
