// Dense LU factors with partial pivoting in careful plain JavaScript, row-major. Each function stands alone, because benchmarks
// run copies of its text (copyOf).

/** lu ← the factors of I − scale·J, rows exchanged as `pivots` says; reciprocals of the pivots on the diagonal. */
export function factor(lu: Float64Array, jacobian: Float64Array, pivots: Int32Array, n: number, scale: number): void {
  for (let i = 0; i < n * n; i++) lu[i] = -scale * jacobian[i]!;
  for (let i = 0; i < n * n; i += n + 1) lu[i]! += 1;
  for (let k = 0; k < n; k++) {
    let best = k;
    let largest = Math.abs(lu[k * n + k]!);
    for (let i = k + 1; i < n; i++) {
      const size = Math.abs(lu[i * n + k]!);
      if (size > largest) {
        largest = size;
        best = i;
      }
    }
    pivots[k] = best;
    const own = k * n;
    if (best !== k) {
      for (let j = 0; j < n; j++) {
        const held = lu[own + j]!;
        lu[own + j] = lu[best * n + j]!;
        lu[best * n + j] = held;
      }
    }
    const inverse = 1 / lu[own + k]!;
    lu[own + k] = inverse;
    for (let i = k + 1; i < n; i++) {
      const row = i * n;
      const l = lu[row + k]! * inverse;
      lu[row + k] = l;
      for (let j = k + 1; j < n; j++) lu[row + j]! -= l * lu[own + j]!;
    }
  }
}

/** x ← W⁻¹ x */
export function solve(lu: Float64Array, pivots: Int32Array, x: Float64Array, n: number): void {
  for (let k = 0; k < n; k++) {
    const held = x[pivots[k]!]!;
    x[pivots[k]!] = x[k]!;
    x[k] = held;
  }
  for (let i = 1; i < n; i++) {
    let sum = x[i]!;
    for (let j = 0; j < i; j++) sum -= lu[i * n + j]! * x[j]!;
    x[i] = sum;
  }
  for (let i = n - 1; i >= 0; i--) {
    let sum = x[i]!;
    for (let j = i + 1; j < n; j++) sum -= lu[i * n + j]! * x[j]!;
    x[i] = sum * lu[i * n + i]!;
  }
}

/** x ← W⁻ᵀ x */
export function solveTransposed(lu: Float64Array, pivots: Int32Array, x: Float64Array, n: number): void {
  for (let i = 0; i < n; i++) {
    const own = x[i]! * lu[i * n + i]!;
    x[i] = own;
    for (let j = i + 1; j < n; j++) x[j]! -= own * lu[i * n + j]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const own = x[i]!;
    for (let j = 0; j < i; j++) x[j]! -= own * lu[i * n + j]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const held = x[pivots[i]!]!;
    x[pivots[i]!] = x[i]!;
    x[i] = held;
  }
}
