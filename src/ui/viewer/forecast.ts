// How many voxels the 3-D view may have on this machine, before anything is allocated.

/** Colour and gradient textures of NiiVue's renderer and the int16 copy they are made from. */
const BYTES_PER_VOXEL = 4 + 4 + 2
const MIB = 1024 * 1024

export function isSoftwareRenderer(): boolean {
  const gl = document.createElement('canvas').getContext('webgl2')
  const info = gl?.getExtension('WEBGL_debug_renderer_info')
  const name = gl && info ? String(gl.getParameter(info.UNMASKED_RENDERER_WEBGL)) : ''
  gl?.getExtension('WEBGL_lose_context')?.loseContext()
  return /swiftshader|llvmpipe|software|basic render/i.test(name)
}

/** 96 MiB on a graphics card, 64 where the machine is small, 12 where the CPU has to draw. */
export function forecastPreviewVoxels(software: boolean, deviceMemoryGib: number): number {
  const budget = software ? 12 : deviceMemoryGib <= 4 ? 64 : 96
  return Math.floor((budget * MIB) / BYTES_PER_VOXEL)
}
