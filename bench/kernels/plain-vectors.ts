// The vector kernels in careful plain JavaScript. Each stands alone, because benchmarks run copies of its text (copyOf).
import type { FloatArray } from "../../ts/base/dtype.ts";

/** out ← base + h Σ wⱼ vⱼ, six terms, every vector an array; four elements at a time, term by term. */
export function combine(out: FloatArray, base: FloatArray, v: FloatArray[], w: readonly number[], h: number): void {
  const n = out.length;
  const v0 = v[0]!;
  const v1 = v[1]!;
  const v2 = v[2]!;
  const v3 = v[3]!;
  const v4 = v[4]!;
  const v5 = v[5]!;
  const w0 = h * w[0]!;
  const w1 = h * w[1]!;
  const w2 = h * w[2]!;
  const w3 = h * w[3]!;
  const w4 = h * w[4]!;
  const w5 = h * w[5]!;
  let i = 0;
  for (; i <= n - 4; i += 4) {
    let a = base[i]! + w0 * v0[i]!;
    let b = base[i + 1]! + w0 * v0[i + 1]!;
    let c = base[i + 2]! + w0 * v0[i + 2]!;
    let d = base[i + 3]! + w0 * v0[i + 3]!;
    a += w1 * v1[i]!;
    b += w1 * v1[i + 1]!;
    c += w1 * v1[i + 2]!;
    d += w1 * v1[i + 3]!;
    a += w2 * v2[i]!;
    b += w2 * v2[i + 1]!;
    c += w2 * v2[i + 2]!;
    d += w2 * v2[i + 3]!;
    a += w3 * v3[i]!;
    b += w3 * v3[i + 1]!;
    c += w3 * v3[i + 2]!;
    d += w3 * v3[i + 3]!;
    a += w4 * v4[i]!;
    b += w4 * v4[i + 1]!;
    c += w4 * v4[i + 2]!;
    d += w4 * v4[i + 3]!;
    out[i] = a + w5 * v5[i]!;
    out[i + 1] = b + w5 * v5[i + 1]!;
    out[i + 2] = c + w5 * v5[i + 2]!;
    out[i + 3] = d + w5 * v5[i + 3]!;
  }
  for (; i < n; i++) {
    const head = w0 * v0[i]! + w1 * v1[i]! + w2 * v2[i]!;
    out[i] = base[i]! + (head + w3 * v3[i]! + w4 * v4[i]! + w5 * v5[i]!);
  }
}

/**
 * The same with all vectors in one array of 8 n numbers (six terms, base, out): one pointer and one length, where eight
 * arrays need more registers than there are. The fastest form found; no published solver is written so.
 */
export function combineInOne(m: FloatArray, n: number, w: readonly number[], h: number): void {
  const w0 = h * w[0]!;
  const w1 = h * w[1]!;
  const w2 = h * w[2]!;
  const w3 = h * w[3]!;
  const w4 = h * w[4]!;
  const w5 = h * w[5]!;
  const whole = n - (n % 4);
  for (let i = 0; i < whole; i += 4) {
    let j = 6 * n + i;
    let a = m[j]! + w0 * m[i]!;
    let b = m[j + 1]! + w0 * m[i + 1]!;
    let c = m[j + 2]! + w0 * m[i + 2]!;
    let d = m[j + 3]! + w0 * m[i + 3]!;
    j = n + i;
    a += w1 * m[j]!;
    b += w1 * m[j + 1]!;
    c += w1 * m[j + 2]!;
    d += w1 * m[j + 3]!;
    j += n;
    a += w2 * m[j]!;
    b += w2 * m[j + 1]!;
    c += w2 * m[j + 2]!;
    d += w2 * m[j + 3]!;
    j += n;
    a += w3 * m[j]!;
    b += w3 * m[j + 1]!;
    c += w3 * m[j + 2]!;
    d += w3 * m[j + 3]!;
    j += n;
    a += w4 * m[j]!;
    b += w4 * m[j + 1]!;
    c += w4 * m[j + 2]!;
    d += w4 * m[j + 3]!;
    j += n;
    a += w5 * m[j]!;
    b += w5 * m[j + 1]!;
    c += w5 * m[j + 2]!;
    d += w5 * m[j + 3]!;
    j = 7 * n + i;
    m[j] = a;
    m[j + 1] = b;
    m[j + 2] = c;
    m[j + 3] = d;
  }
  for (let i = whole; i < n; i++) {
    const head = w0 * m[i]! + w1 * m[n + i]! + w2 * m[2 * n + i]!;
    m[7 * n + i] = m[6 * n + i]! + (head + w3 * m[3 * n + i]! + w4 * m[4 * n + i]! + w5 * m[5 * n + i]!);
  }
}

/** sqrt(mean (vᵢ / (atol + rtol max(|aᵢ|, |bᵢ|)))²) for v = h Σ wⱼ vⱼ over six terms. */
export function scaledNorm(
  v: FloatArray[],
  w: readonly number[],
  h: number,
  ya: FloatArray,
  yb: FloatArray,
  rtol: number,
  atol: number,
): number {
  const n = ya.length;
  const v0 = v[0]!;
  const v1 = v[1]!;
  const v2 = v[2]!;
  const v3 = v[3]!;
  const v4 = v[4]!;
  const v5 = v[5]!;
  const w0 = h * w[0]!;
  const w1 = h * w[1]!;
  const w2 = h * w[2]!;
  const w3 = h * w[3]!;
  const w4 = h * w[4]!;
  const w5 = h * w[5]!;
  let total = 0;
  for (let i = 0; i < n; i++) {
    const error = w0 * v0[i]! + w1 * v1[i]! + w2 * v2[i]! + (w3 * v3[i]! + w4 * v4[i]! + w5 * v5[i]!);
    const a = Math.abs(ya[i]!);
    const b = Math.abs(yb[i]!);
    const r = error / (atol + rtol * (a > b ? a : b));
    total += r * r;
  }
  return Math.sqrt(total / n);
}

/** Four sums, so that no addition waits for the one before. */
export function dot(a: FloatArray, b: FloatArray): number {
  const n = a.length;
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i <= n - 4; i += 4) {
    s0 += a[i]! * b[i]!;
    s1 += a[i + 1]! * b[i + 1]!;
    s2 += a[i + 2]! * b[i + 2]!;
    s3 += a[i + 3]! * b[i + 3]!;
  }
  for (; i < n; i++) s0 += a[i]! * b[i]!;
  return s0 + s1 + (s2 + s3);
}

/** One step of Adam without weight decay; corrections for the tenth step. */
export function adam(
  params: FloatArray,
  gradient: FloatArray,
  first: FloatArray,
  second: FloatArray,
  rate: number,
): void {
  const n = params.length;
  const step = rate / (1 - 0.9 ** 10);
  const scale = 1 / Math.sqrt(1 - 0.999 ** 10);
  for (let i = 0; i < n; i++) {
    const g = gradient[i]!;
    const m = 0.9 * first[i]! + (1 - 0.9) * g;
    const v = 0.999 * second[i]! + (1 - 0.999) * g * g;
    first[i] = m;
    second[i] = v;
    params[i] = params[i]! - (step * m) / (Math.sqrt(v) * scale + 1e-8);
  }
}
