// The version of everything between a scan and its findings that is not the model: lung field, tiling, candidate and
// measurement rules. It changes when the same model would give other findings; written wherever results go.
export const pipelineVersion = '1.1.0'

/** Stands in every file with results. */
export const researchNotice = 'Research use — not for clinical use'
