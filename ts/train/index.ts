// odegrad/train: optimisers, which update a field's parameters in place.
export { type AdamOptions, adam } from "./adam.ts";
export type { Optimiser } from "./optimiser.ts";
