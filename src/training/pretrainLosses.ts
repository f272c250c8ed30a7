// The four losses of SMART pretraining (SPEC 6) and the update of their centres, by the names that the training uses:
// AITD and GITD across views, AMPD on masked tokens, AMIP on voxels. Rows 0…B−1 are view u, rows B…2B−1 view v.
export { updateCentre } from '../kernels/centreUpdate.ts'
export { crossViewLoss, maskedTokenLoss, type DistillationTemperatures } from '../kernels/distillationLoss.ts'
export { maskedL1 as reconstructionLoss } from '../kernels/maskedL1.ts'
