// Schedules (SPEC 6): plain functions of a 0-based step, iteration or epoch; float64.

/** Warm-up, then half a cosine to 0 (MONAI's WarmupCosineSchedule; our default). */
export function warmupCosine(t: number, base: number, warmup: number, total: number): number {
  if (t < warmup) return (base * t) / Math.max(1, warmup)
  const progress = (t - warmup) / Math.max(1, total - warmup)
  return base * Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)))
}

/** The form SMIT trains with: reaches `base` at the last warm-up step. */
export function warmupCosineAlternative(t: number, base: number, warmup: number, total: number): number {
  if (t < warmup) return (base * t) / (warmup - 1)
  return 0.5 * base * (1 + Math.cos((Math.PI * (t - warmup)) / (total - warmup)))
}

/** Teacher temperature by epoch: `start` → `end` over `warm` epochs, then constant (DINO, iBOT). */
export function teacherTemperature(epoch: number, warm = 30, start = 0.04, end = 0.07): number {
  return epoch < warm - 1 ? start + ((end - start) * epoch) / (warm - 1) : end
}

/** Momentum of the teacher by iteration: `start` → 1 on a cosine. */
export function emaMomentum(iteration: number, total: number, start = 0.996): number {
  return 1 + 0.5 * (start - 1) * (1 + Math.cos((Math.PI * iteration) / total))
}
