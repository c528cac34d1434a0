// Queries that the pages' server and the pages agree on.

/** The same page without the headers that isolate it from other origins. */
export const UNISOLATED = "?unisolated";

/** The same page under a policy that forbids to compile WebAssembly. */
export const FORBIDDEN = "?forbidden";
