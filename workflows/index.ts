/** Every story, by path: the worker's bundle starts here. A new case type adds its line. */
export { returnCase } from './return.ts';
export { carrierClaim } from './carrier-claim.ts';
export { reconciler } from './reconcile.ts';
