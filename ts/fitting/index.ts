// odegrad/train: optimisers, which update a field's parameters in place.
export { type AdamOptions, adam } from "../optimisers/adam.ts";
export type { Optimiser } from "../optimisers/optimiser.ts";
