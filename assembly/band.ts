// Banded linear systems in float64: the LU factors of W = M − scale·J with partial pivoting, and solves with W and its
// transpose. J has `lower` diagonals below the main one and `upper` above it: entry (i, j) at upper + i − j + j (lower + upper +
// 1), column after column. Factors have `lower` more diagonals above, for rows exchanged (LAPACK's layout and dgbtf2).

// @ts-ignore: decorator
@inline
function get(x: usize, i: i32): f64 {
  return load<f64>(x + (<usize>i << 3));
}

// @ts-ignore: decorator
@inline
function put(x: usize, i: i32, value: f64): void {
  store<f64>(x + (<usize>i << 3), value);
}

/** x ← x − factor·y over n numbers. */
function subtract(x: usize, y: usize, factor: f64, n: i32): void {
  const f = f64x2.splat(factor);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    v128.store(x, f64x2.sub(v128.load(x), f64x2.mul(f, v128.load(y))));
    x += 16;
    y += 16;
  }
  if (i < n) store<f64>(x, load<f64>(x) - factor * load<f64>(y));
}

/** Σ xᵢ yᵢ over n numbers. */
function product(x: usize, y: usize, n: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) sum += get(x, i) * get(y, i);
  return sum;
}

/** The address of entry (j, j) of a matrix with `above` diagonals above the main one and `width` in all. */
// @ts-ignore: decorator
@inline
function diagonal(a: usize, j: i32, above: i32, width: i32): usize {
  return a + (<usize>(above + j * width) << 3);
}

/**
 * lu ← the factors of M − scale·J, n × (2 lower + upper + 1) numbers, with reciprocals of the pivots; `pivots` gets n i32, by
 * how many rows each exchange went. M is diagonal, null for the identity. Returns 0 where W is singular or not finite.
 */
export function factorBand(
  lu: usize,
  jacobian: usize,
  mass: usize,
  pivots: usize,
  n: i32,
  lower: i32,
  upper: i32,
  scale: f64,
): i32 {
  const own = lower + upper + 1;
  const width = own + lower;
  const above = lower + upper;
  for (let j = 0; j < n; j++) {
    const column = lu + (<usize>(j * width) << 3);
    for (let i = 0; i < lower; i++) put(column, i, 0);
    for (let i = 0; i < own; i++) put(column, lower + i, -scale * get(jacobian, j * own + i));
    put(column, above, get(column, above) + (mass ? get(mass, j) : 1));
  }
  // The last column that the rows exchanged so far reach.
  let last = 0;
  for (let j = 0; j < n; j++) {
    const d = diagonal(lu, j, above, width);
    const below = min(lower, n - 1 - j);
    let best = 0;
    let largest = abs(load<f64>(d));
    for (let i = 1; i <= below; i++) {
      const size = abs(get(d, i));
      if (size > largest) {
        largest = size;
        best = i;
      }
    }
    if (!(largest > 0 && largest < Infinity)) return 0;
    store<i32>(pivots + (<usize>j << 2), best);
    last = max(last, min(j + upper + best, n - 1));
    if (best != 0) {
      for (let c = j; c <= last; c++) {
        const entry = diagonal(lu, c, above + j - c, width);
        const held = load<f64>(entry);
        store<f64>(entry, get(entry, best));
        put(entry, best, held);
      }
    }
    const inverse = 1 / load<f64>(d);
    store<f64>(d, inverse);
    for (let i = 1; i <= below; i++) put(d, i, get(d, i) * inverse);
    for (let c = j + 1; c <= last; c++) {
      const entry = diagonal(lu, c, above + j - c, width);
      subtract(entry + 8, d + 8, load<f64>(entry), below);
    }
  }
  return 1;
}

/** x ← W⁻¹ x */
export function solveBand(lu: usize, pivots: usize, x: usize, n: i32, lower: i32, upper: i32): void {
  const above = lower + upper;
  const width = above + lower + 1;
  for (let j = 0; j < n; j++) {
    const own = x + (<usize>j << 3);
    const other = load<i32>(pivots + (<usize>j << 2));
    const value = get(own, other);
    put(own, other, load<f64>(own));
    store<f64>(own, value);
    subtract(own + 8, diagonal(lu, j, above, width) + 8, value, min(lower, n - 1 - j));
  }
  for (let j = n - 1; j >= 0; j--) {
    const d = diagonal(lu, j, above, width);
    const value = get(x, j) * load<f64>(d);
    put(x, j, value);
    const count = min(above, j);
    subtract(x + (<usize>(j - count) << 3), d - (<usize>count << 3), value, count);
  }
}

/** x ← W⁻ᵀ x */
export function solveBandTransposed(lu: usize, pivots: usize, x: usize, n: i32, lower: i32, upper: i32): void {
  const above = lower + upper;
  const width = above + lower + 1;
  for (let j = 0; j < n; j++) {
    const d = diagonal(lu, j, above, width);
    const count = min(above, j);
    const sum = product(x + (<usize>(j - count) << 3), d - (<usize>count << 3), count);
    put(x, j, (get(x, j) - sum) * load<f64>(d));
  }
  for (let j = n - 1; j >= 0; j--) {
    const own = x + (<usize>j << 3);
    const value = load<f64>(own) - product(own + 8, diagonal(lu, j, above, width) + 8, min(lower, n - 1 - j));
    const other = load<i32>(pivots + (<usize>j << 2));
    store<f64>(own, get(own, other));
    put(own, other, value);
  }
}

/** out ← J x; out is another vector. */
export function multiplyBand(out: usize, jacobian: usize, x: usize, n: i32, lower: i32, upper: i32): void {
  const width = lower + upper + 1;
  memory.fill(out, 0, <usize>n << 3);
  for (let j = 0; j < n; j++) {
    const first = max(0, j - upper);
    const last = min(n - 1, j + lower);
    const entries = jacobian + (<usize>(upper + first - j + j * width) << 3);
    subtract(out + (<usize>first << 3), entries, -get(x, j), last - first + 1);
  }
}
