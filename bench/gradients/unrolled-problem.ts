// One gradient for every way of computing it: RK4 × 20 steps of a network 2 → 64 → 64 → 2, tanh, float32, from t = 0 to 1, the
// loss mean y(1)², its gradient by all parameters.

export const STEPS = 20;
export const WIDTHS: readonly number[] = [2, 64, 64, 2];

export interface UnrolledProblem {
  readonly batch: number;
  /** W₁, b₁, W₂, b₂, W₃, b₃, each W row-major [out × in]. */
  readonly params: Float32Array;
  readonly y0: Float32Array;
}

/** A way of computing it. `gradient` gives ∂L/∂θ in the order of θ; `run` does the same work without putting it in order. */
export interface Rival {
  readonly name: string;
  run(): unknown;
  gradient(): Float32Array;
  /** Milliseconds of the first run, where a compiler worked. */
  readonly compileMs?: number;
}

/** θ in parts: W₁, b₁, W₂, … */
export function partsOf(params: Float32Array): Float32Array[] {
  const parts: Float32Array[] = [];
  let at = 0;
  for (let l = 1; l < WIDTHS.length; l++) {
    for (const length of [WIDTHS[l]! * WIDTHS[l - 1]!, WIDTHS[l]!]) {
      parts.push(params.subarray(at, at + length));
      at += length;
    }
  }
  return parts;
}

/** Shapes for libraries that keep W as [in × out]. */
export const shapes: readonly number[][] = WIDTHS.slice(1).flatMap((outs, l) => [[WIDTHS[l]!, outs], [outs]]);

function transposed(w: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: w.length }, (_, i) => w[(i % rows) * columns + Math.floor(i / rows)]!);
}

/** θ in parts, each W as [in × out]. */
export const transposedParts = (params: Float32Array): Float32Array[] =>
  partsOf(params).map((part, i) => {
    const shape = shapes[i]!;
    return shape.length === 2 ? transposed(part, shape[1]!, shape[0]!) : part;
  });

/** Such parts put together as θ is. */
export function joined(parts: readonly ArrayLike<number>[]): Float32Array {
  return Float32Array.from(
    parts.flatMap((part, i) => {
      const shape = shapes[i]!;
      const numbers = Float32Array.from(part);
      return [...(shape.length === 2 ? transposed(numbers, shape[0]!, shape[1]!) : numbers)];
    }),
  );
}
