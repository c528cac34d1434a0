// Where the numbers lie of the tables that TypeScript writes and the kernels of vectors and control read. Both compilers read
// this file, AssemblyScript with every constant as an i32: nothing but integers may stand here. All places are in bytes from
// the table's start; u32 are addresses or counts.

/** A term cⱼ vⱼ of a combination: the address of vⱼ (u32, padded to 8) and cⱼ (f64). */
export const TERM_VECTOR = 0;
export const TERM_WEIGHT = 8;
export const TERM_BYTES = 16;

/** A measure: its kind and the number of segments (both i32). */
export const MEASURE_KIND = 0;
export const MEASURE_SEGMENTS = 4;
/** Tolerances (f64), and addresses of tolerances by element in the state's dtype (u32, 0 for the scalars). */
export const MEASURE_RTOL = 8;
export const MEASURE_ATOL = 16;
export const MEASURE_RTOLS = 24;
export const MEASURE_ATOLS = 28;
/** Its segments follow. */
export const MEASURE_BYTES = 32;
/** The kinds: the root of the mean square, and the largest. */
export const RMS = 0;
export const MAX = 1;

/** A segment of a measure: where it starts and how long it is, in numbers (u32), and its weight (f64). */
export const SEGMENT_START = 0;
export const SEGMENT_LENGTH = 4;
export const SEGMENT_WEIGHT = 8;
export const SEGMENT_BYTES = 16;

/** A controller's settings, all f64: the exponents of the last three errors, and the bounds of the factor. */
export const CONTROLLER_BETA1 = 0;
export const CONTROLLER_BETA2 = 8;
export const CONTROLLER_BETA3 = 16;
export const CONTROLLER_SAFETY = 24;
export const CONTROLLER_MIN_FACTOR = 32;
export const CONTROLLER_MAX_FACTOR = 40;
/** Its memory: ln(1/r) of the last accepted step and of the one before (both 0 at the start, which is r = 1), and the last r. */
export const CONTROLLER_LAST = 48;
export const CONTROLLER_BEFORE_LAST = 56;
export const CONTROLLER_ERROR = 64;
/** One more setting: the least factor after an accepted step. */
export const CONTROLLER_LEAST_ACCEPTED = 72;
export const CONTROLLER_BYTES = 80;
