// Dense linear systems in float64: the LU factors of W = M − scale·J with partial pivoting, and solves with W and its
// transpose. Matrices are row-major. Four pivots are eliminated at a time, so that a row is loaded and stored once for four of
// them. A matrix may consist of blocks along its diagonal, each n × n with factors of its own, one after the other.

// @ts-ignore: decorator
@inline
function at(row: usize, i: i32): usize {
  return row + (<usize>i << 3);
}

// @ts-ignore: decorator
@inline
function get(row: usize, i: i32): f64 {
  return load<f64>(at(row, i));
}

// @ts-ignore: decorator
@inline
function put(row: usize, i: i32, value: f64): void {
  store<f64>(at(row, i), value);
}

/** W ← M − scale·J; a null M is the identity. */
function form(w: usize, jacobian: usize, mass: usize, n: i32, scale: f64): void {
  const count = n * n;
  const factor = f64x2.splat(-scale);
  let i = 0;
  for (; i + 2 <= count; i += 2) {
    const j = f64x2.mul(factor, v128.load(at(jacobian, i)));
    v128.store(at(w, i), mass ? f64x2.add(v128.load(at(mass, i)), j) : j);
  }
  if (i < count) put(w, i, (mass ? get(mass, i) : 0) - scale * get(jacobian, i));
  if (mass) return;
  for (let d = 0; d < count; d += n + 1) put(w, d, 1 + get(w, d));
}

/** Exchanges two rows of n numbers. */
function exchange(a: usize, b: usize, n: i32): void {
  for (let i = 0; i < n; i++) {
    const held = get(a, i);
    put(a, i, get(b, i));
    put(b, i, held);
  }
}

/** row ← row − l·r over n numbers. */
function subtract(row: usize, r: usize, l: f64, n: i32): void {
  const factor = f64x2.splat(l);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    v128.store(at(row, i), f64x2.sub(v128.load(at(row, i)), f64x2.mul(factor, v128.load(at(r, i)))));
  }
  if (i < n) put(row, i, get(row, i) - l * get(r, i));
}

/** row ← row − Σ lᵢ rᵢ over n numbers, for four rows `pitch` bytes apart. */
function subtract4(row: usize, r: usize, pitch: usize, l0: f64, l1: f64, l2: f64, l3: f64, n: i32): void {
  const r1 = r + pitch;
  const r2 = r1 + pitch;
  const r3 = r2 + pitch;
  const f0 = f64x2.splat(l0);
  const f1 = f64x2.splat(l1);
  const f2 = f64x2.splat(l2);
  const f3 = f64x2.splat(l3);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const front = f64x2.add(f64x2.mul(f0, v128.load(at(r, i))), f64x2.mul(f1, v128.load(at(r1, i))));
    const back = f64x2.add(f64x2.mul(f2, v128.load(at(r2, i))), f64x2.mul(f3, v128.load(at(r3, i))));
    v128.store(at(row, i), f64x2.sub(v128.load(at(row, i)), f64x2.add(front, back)));
  }
  if (i < n) put(row, i, get(row, i) - (l0 * get(r, i) + l1 * get(r1, i) + (l2 * get(r2, i) + l3 * get(r3, i))));
}

/** Σ aᵢ bᵢ over n numbers. */
function product(a: usize, b: usize, n: i32): f64 {
  let sum = f64x2.splat(0);
  let i = 0;
  for (; i + 2 <= n; i += 2) sum = f64x2.add(sum, f64x2.mul(v128.load(at(a, i)), v128.load(at(b, i))));
  const all = f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
  return i < n ? all + get(a, i) * get(b, i) : all;
}

/** x_i ← x_i − row_i · b for four rows `pitch` bytes apart, over n numbers of b: four sums at once hide their latency. */
function reduce4(x: usize, row: usize, pitch: usize, b: usize, n: i32): void {
  const row1 = row + pitch;
  const row2 = row1 + pitch;
  const row3 = row2 + pitch;
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    const v = v128.load(at(b, i));
    s0 = f64x2.add(s0, f64x2.mul(v, v128.load(at(row, i))));
    s1 = f64x2.add(s1, f64x2.mul(v, v128.load(at(row1, i))));
    s2 = f64x2.add(s2, f64x2.mul(v, v128.load(at(row2, i))));
    s3 = f64x2.add(s3, f64x2.mul(v, v128.load(at(row3, i))));
  }
  let front = f64x2.add(v128.shuffle<f64>(s0, s1, 0, 2), v128.shuffle<f64>(s0, s1, 1, 3));
  let back = f64x2.add(v128.shuffle<f64>(s2, s3, 0, 2), v128.shuffle<f64>(s2, s3, 1, 3));
  if (i < n) {
    const v = v128.load64_splat(at(b, i));
    front = f64x2.add(front, f64x2.mul(v, v128.shuffle<f64>(v128.load64_zero(at(row, i)), v128.load64_zero(at(row1, i)), 0, 2)));
    back = f64x2.add(back, f64x2.mul(v, v128.shuffle<f64>(v128.load64_zero(at(row2, i)), v128.load64_zero(at(row3, i)), 0, 2)));
  }
  v128.store(x, f64x2.sub(v128.load(x), front));
  v128.store(x, f64x2.sub(v128.load(x, 16), back), 16);
}

/**
 * Eliminates the columns from `first` to `last` − 1 within these columns only, exchanging whole rows. Each pivot's reciprocal
 * takes its place. Returns 0 where a column has no pivot but 0 or NaN.
 */
function panel(w: usize, pivots: usize, n: i32, first: i32, last: i32): i32 {
  const pitch = at(0, n);
  for (let k = first; k < last; k++) {
    const own = w + <usize>k * pitch;
    let best = k;
    let largest = abs(get(own, k));
    for (let i = k + 1; i < n; i++) {
      const size = abs(get(w + <usize>i * pitch, k));
      if (size > largest) {
        largest = size;
        best = i;
      }
    }
    store<i32>(pivots + (<usize>k << 2), best);
    if (!(largest > 0 && largest < Infinity)) return 0;
    if (best != k) exchange(own, w + <usize>best * pitch, n);
    const inverse = 1 / get(own, k);
    put(own, k, inverse);
    for (let i = k + 1; i < n; i++) {
      const row = w + <usize>i * pitch;
      const l = get(row, k) * inverse;
      put(row, k, l);
      for (let j = k + 1; j < last; j++) put(row, j, get(row, j) - l * get(own, j));
    }
  }
  return 1;
}

/** LU ← the factors of one W that stands in its place. */
function decompose(w: usize, pivots: usize, n: i32): i32 {
  const pitch = at(0, n);
  for (let first = 0; first < n; first += 4) {
    const last = min(first + 4, n);
    if (!panel(w, pivots, n, first, last)) return 0;
    const rest = n - last;
    if (rest == 0) break;
    const top = at(w + <usize>first * pitch, last);
    // The rows of U to the right of the panel, then the rows below it.
    for (let i = first + 1; i < last; i++) {
      const row = w + <usize>i * pitch;
      for (let k = first; k < i; k++) subtract(at(row, last), at(w + <usize>k * pitch, last), get(row, k), rest);
    }
    for (let i = last; i < n; i++) {
      const row = w + <usize>i * pitch;
      const l = at(row, first);
      subtract4(at(row, last), top, pitch, get(l, 0), get(l, 1), get(l, 2), get(l, 3), rest);
    }
  }
  return 1;
}

/**
 * lu ← the factors of M − scale·J, block by block; `pivots` gets n i32 a block. Returns 1, or 0 where a block is singular or
 * not finite. M, J and lu are blocks · n · n numbers; a null M is the identity.
 */
export function factor(lu: usize, jacobian: usize, mass: usize, pivots: usize, n: i32, blocks: i32, scale: f64): i32 {
  const bytes = <usize>(n * n) << 3;
  for (let block = 0; block < blocks; block++) {
    form(lu, jacobian, mass, n, scale);
    if (!decompose(lu, pivots, n)) return 0;
    lu += bytes;
    jacobian += bytes;
    if (mass) mass += bytes;
    pivots += <usize>n << 2;
  }
  return 1;
}

/** x ← W⁻¹ x */
export function solve(lu: usize, pivots: usize, x: usize, n: i32, blocks: i32): void {
  for (let block = 0; block < blocks; block++) {
    solveOne(lu, pivots, x, n);
    lu += <usize>(n * n) << 3;
    pivots += <usize>n << 2;
    x = at(x, n);
  }
}

function solveOne(lu: usize, pivots: usize, x: usize, n: i32): void {
  const pitch = at(0, n);
  for (let k = 0; k < n; k++) {
    const other = load<i32>(pivots + (<usize>k << 2));
    const held = get(x, other);
    put(x, other, get(x, k));
    put(x, k, held);
  }
  // Four rows at a time: first what lies left of their diagonal block, then the block.
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const row = lu + <usize>i * pitch;
    const own = at(x, i);
    reduce4(own, row, pitch, x, i);
    const l1 = at(row + pitch, i);
    const l2 = l1 + pitch;
    const l3 = l2 + pitch;
    const x0 = get(own, 0);
    const x1 = get(own, 1) - get(l1, 0) * x0;
    const x2 = get(own, 2) - get(l2, 0) * x0 - get(l2, 1) * x1;
    const x3 = get(own, 3) - get(l3, 0) * x0 - get(l3, 1) * x1 - get(l3, 2) * x2;
    put(own, 1, x1);
    put(own, 2, x2);
    put(own, 3, x3);
  }
  for (; i < n; i++) put(x, i, get(x, i) - product(lu + <usize>i * pitch, x, i));
  // Upwards, rows that make no four first, so that the fours are the same.
  for (i = n - 1; i >= n - (n & 3); i--) {
    const row = lu + <usize>i * pitch;
    put(x, i, (get(x, i) - product(at(row, i + 1), at(x, i + 1), n - i - 1)) * get(row, i));
  }
  for (i = n - (n & 3) - 4; i >= 0; i -= 4) {
    const row = lu + <usize>i * pitch;
    const own = at(x, i);
    reduce4(own, at(row, i + 4), pitch, at(x, i + 4), n - i - 4);
    const u0 = at(row, i);
    const u1 = u0 + pitch;
    const u2 = u1 + pitch;
    const x3 = get(own, 3) * get(u2 + pitch, 3);
    const x2 = (get(own, 2) - get(u2, 3) * x3) * get(u2, 2);
    const x1 = (get(own, 1) - get(u1, 3) * x3 - get(u1, 2) * x2) * get(u1, 1);
    put(own, 3, x3);
    put(own, 2, x2);
    put(own, 1, x1);
    put(own, 0, (get(own, 0) - get(u0, 3) * x3 - get(u0, 2) * x2 - get(u0, 1) * x1) * get(u0, 0));
  }
}

/** x ← W⁻ᵀ x */
export function solveTransposed(lu: usize, pivots: usize, x: usize, n: i32, blocks: i32): void {
  for (let block = 0; block < blocks; block++) {
    solveOneTransposed(lu, pivots, x, n);
    lu += <usize>(n * n) << 3;
    pivots += <usize>n << 2;
    x = at(x, n);
  }
}

function solveOneTransposed(lu: usize, pivots: usize, x: usize, n: i32): void {
  const pitch = at(0, n);
  // Uᵀ, then Lᵀ: a row of either acts on all that comes after its own number.
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    const u0 = at(lu + <usize>i * pitch, i);
    const u1 = u0 + pitch;
    const u2 = u1 + pitch;
    const own = at(x, i);
    const x0 = get(own, 0) * get(u0, 0);
    const x1 = (get(own, 1) - get(u0, 1) * x0) * get(u1, 1);
    const x2 = (get(own, 2) - get(u0, 2) * x0 - get(u1, 2) * x1) * get(u2, 2);
    const x3 = (get(own, 3) - get(u0, 3) * x0 - get(u1, 3) * x1 - get(u2, 3) * x2) * get(u2 + pitch, 3);
    put(own, 0, x0);
    put(own, 1, x1);
    put(own, 2, x2);
    put(own, 3, x3);
    subtract4(at(x, i + 4), at(u0, 4), pitch, x0, x1, x2, x3, n - i - 4);
  }
  for (; i < n; i++) {
    const row = lu + <usize>i * pitch;
    const own = get(x, i) * get(row, i);
    put(x, i, own);
    subtract(at(x, i + 1), at(row, i + 1), own, n - i - 1);
  }
  for (i = n - 1; i >= n - (n & 3); i--) subtract(x, lu + <usize>i * pitch, get(x, i), i);
  for (i = n - (n & 3) - 4; i >= 0; i -= 4) {
    const row = lu + <usize>i * pitch;
    const l1 = at(row + pitch, i);
    const l2 = l1 + pitch;
    const l3 = l2 + pitch;
    const own = at(x, i);
    const x3 = get(own, 3);
    const x2 = get(own, 2) - get(l3, 2) * x3;
    const x1 = get(own, 1) - get(l3, 1) * x3 - get(l2, 1) * x2;
    const x0 = get(own, 0) - get(l3, 0) * x3 - get(l2, 0) * x2 - get(l1, 0) * x1;
    put(own, 2, x2);
    put(own, 1, x1);
    put(own, 0, x0);
    subtract4(x, row, pitch, x0, x1, x2, x3, i);
  }
  for (i = n - 1; i >= 0; i--) {
    const other = load<i32>(pivots + (<usize>i << 2));
    const held = get(x, other);
    put(x, other, get(x, i));
    put(x, i, held);
  }
}

/** The right side of a Rosenbrock stage, x ← gamma (k + from + slope·f_t), n numbers each; null `from` and `f_t` are 0. */
export function rightSide(x: usize, k: usize, from: usize, ft: usize, gamma: f64, slope: f64, n: i32): void {
  const g = f64x2.splat(gamma);
  const s = f64x2.splat(slope);
  let i = 0;
  for (; i + 2 <= n; i += 2) {
    let sum = v128.load(at(k, i));
    if (from) sum = f64x2.add(sum, v128.load(at(from, i)));
    if (ft) sum = f64x2.add(sum, f64x2.mul(s, v128.load(at(ft, i))));
    v128.store(at(x, i), f64x2.mul(g, sum));
  }
  if (i < n) put(x, i, gamma * (get(k, i) + (from ? get(from, i) : 0) + (ft ? slope * get(ft, i) : 0)));
}

/** out ← A x, block by block, or Aᵀ x where `transposed`; out is none of the others. */
export function multiply(out: usize, a: usize, x: usize, n: i32, blocks: i32, transposed: i32): void {
  for (let block = 0; block < blocks; block++) {
    if (transposed) {
      memory.fill(out, 0, at(0, n));
      for (let i = 0; i < n; i++) subtract(out, at(a, i * n), -get(x, i), n);
    } else {
      for (let i = 0; i < n; i++) put(out, i, product(at(a, i * n), x, n));
    }
    a = at(a, n * n);
    x = at(x, n);
    out = at(out, n);
  }
}
