// A job is a bound field in the shared memory. Its header is written by the calling thread (bound-threaded.ts) and read by
// the workers (hand.ts); the computation of one chunk of its rows is the same on every thread.
import type { NetworkKernels } from "../fields/mlp-kernels.ts";

/** No address. */
export const NONE = 0;

export const FORWARD = 0;
export const BACKWARD = 1;

/** Words of the header. Addresses and sizes in bytes; the last chunk has rows of its own number. */
export const HEADER = {
  double: 0,
  chunks: 1,
  /** Of the state: of a chunk, and of the last one. */
  stateBytes: 2,
  lastStateBytes: 3,
  /** Of the tape. */
  tapeBytes: 4,
  lastTapeBytes: 5,
  x: 6,
  dx: 7,
  cotangent: 8,
  xBar: 9,
  /** ∂L/∂θ of each chunk, or NONE. */
  sums: 10,
  sumBytes: 11,
  /** ∂L/∂t of each chunk, float64. */
  rates: 12,
  /** The records of the workers. */
  records: 13,
  /** Of a compiled field, the number of its code, and where the bytes of its modules are; a network's is 0. */
  code: 14,
  forward: 15,
  forwardBytes: 16,
  backward: 17,
  backwardBytes: 18,
  words: 19,
} as const;

/** Words of a worker's record: what only this worker writes to. */
export const RECORD = {
  /** Descriptors of a chunk and of the last one. */
  descriptor: 0,
  lastDescriptor: 1,
  /** dx or x̄ of a chunk. */
  out: 2,
  tape: 3,
  sum: 4,
  words: 5,
} as const;

/** The kernels of one precision. */
export interface Network {
  forward: NetworkKernels["mlpForwardF32"];
  backward: NetworkKernels["mlpBackwardF32"];
}

export const networkOf = (kernels: NetworkKernels, double: boolean): Network =>
  double
    ? { forward: kernels.mlpForwardF64, backward: kernels.mlpBackwardF64 }
    : { forward: kernels.mlpForwardF32, backward: kernels.mlpBackwardF32 };

/**
 * One chunk: `out` ← f and the tape, or `out` ← x̄ and sum += θ̄, for the tape where there is one, else on a new one in
 * `spare`. All addresses are the chunk's own. Returns ∂f/∂t · cotangent.
 */
export function computeChunk(
  { forward, backward }: Network,
  kind: number,
  descriptor: number,
  t: number,
  x: number,
  cotangent: number,
  out: number,
  sum: number,
  tape: number,
  spare: number,
): number {
  if (kind === FORWARD) {
    forward(descriptor, t, x, out, tape);
    return 0;
  }
  let kept = tape;
  if (kept === NONE && spare !== NONE) {
    forward(descriptor, t, x, NONE, spare);
    kept = spare;
  }
  return backward(descriptor, t, x, cotangent, out, sum, kept);
}
