export function registerGpuKernels(): void {}
