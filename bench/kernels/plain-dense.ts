// Dense layers in careful plain JavaScript: tiles of 2 × 4 running sums, which is what the registers hold, on row-major
// arrays. Each function stands alone, because benchmarks run copies of its text (copyOf).
import type { FloatArray } from "../../ts/base/dtype.ts";

/** C [rows × outs] ← A [rows × ins] Wᵀ + bias, W [outs × ins]; rows even, outs a multiple of 4, or any by the slow path. */
export function forward(
  a: FloatArray,
  w: FloatArray,
  bias: FloatArray,
  c: FloatArray,
  rows: number,
  ins: number,
  outs: number,
): void {
  for (let r = 0; r < rows; r += 2) {
    const a0 = r * ins;
    // The last of an odd number of rows is computed twice.
    const second = r + 1 < rows ? r + 1 : r;
    const a1 = second * ins;
    let o = 0;
    for (; o <= outs - 4; o += 4) {
      let w0 = o * ins;
      const d1 = ins;
      const d2 = 2 * ins;
      const d3 = 3 * ins;
      let s00 = bias[o]!;
      let s01 = bias[o + 1]!;
      let s02 = bias[o + 2]!;
      let s03 = bias[o + 3]!;
      let s10 = s00;
      let s11 = s01;
      let s12 = s02;
      let s13 = s03;
      for (let k = 0; k < ins; k++, w0++) {
        const x = a[a0 + k]!;
        const y = a[a1 + k]!;
        const u0 = w[w0]!;
        const u1 = w[w0 + d1]!;
        const u2 = w[w0 + d2]!;
        const u3 = w[w0 + d3]!;
        s00 += x * u0;
        s01 += x * u1;
        s02 += x * u2;
        s03 += x * u3;
        s10 += y * u0;
        s11 += y * u1;
        s12 += y * u2;
        s13 += y * u3;
      }
      const c0 = r * outs + o;
      const c1 = second * outs + o;
      c[c0] = s00;
      c[c0 + 1] = s01;
      c[c0 + 2] = s02;
      c[c0 + 3] = s03;
      c[c1] = s10;
      c[c1 + 1] = s11;
      c[c1 + 2] = s12;
      c[c1 + 3] = s13;
    }
    for (; o < outs; o++) {
      let s0 = bias[o]!;
      let s1 = s0;
      for (let k = 0; k < ins; k++) {
        const u = w[o * ins + k]!;
        s0 += a[a0 + k]! * u;
        s1 += a[a1 + k]! * u;
      }
      c[r * outs + o] = s0;
      c[second * outs + o] = s1;
    }
  }
}

/** Ā [rows × ins] ← δ [rows × outs] W. */
export function stateGradient(
  delta: FloatArray,
  w: FloatArray,
  bar: FloatArray,
  rows: number,
  ins: number,
  outs: number,
): void {
  for (let r = 0; r < rows; r += 2) {
    const second = r + 1 < rows ? r + 1 : r;
    const d0 = r * outs;
    const d1 = second * outs;
    let j = 0;
    for (; j <= ins - 4; j += 4) {
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let o = 0, at = j; o < outs; o++, at += ins) {
        const x = delta[d0 + o]!;
        const y = delta[d1 + o]!;
        const u0 = w[at]!;
        const u1 = w[at + 1]!;
        const u2 = w[at + 2]!;
        const u3 = w[at + 3]!;
        s00 += x * u0;
        s01 += x * u1;
        s02 += x * u2;
        s03 += x * u3;
        s10 += y * u0;
        s11 += y * u1;
        s12 += y * u2;
        s13 += y * u3;
      }
      const c0 = r * ins + j;
      const c1 = second * ins + j;
      bar[c0] = s00;
      bar[c0 + 1] = s01;
      bar[c0 + 2] = s02;
      bar[c0 + 3] = s03;
      bar[c1] = s10;
      bar[c1 + 1] = s11;
      bar[c1 + 2] = s12;
      bar[c1 + 3] = s13;
    }
    for (; j < ins; j++) {
      let s0 = 0;
      let s1 = 0;
      for (let o = 0; o < outs; o++) {
        s0 += delta[d0 + o]! * w[o * ins + j]!;
        s1 += delta[d1 + o]! * w[o * ins + j]!;
      }
      bar[r * ins + j] = s0;
      bar[second * ins + j] = s1;
    }
  }
}

/** W̄ [outs × ins] += δᵀ A and b̄ += column sums of δ. */
export function weightGradient(
  delta: FloatArray,
  a: FloatArray,
  wBar: FloatArray,
  bBar: FloatArray,
  rows: number,
  ins: number,
  outs: number,
): void {
  for (let o = 0; o < outs; o++) {
    let total = 0;
    for (let r = 0; r < rows; r++) total += delta[r * outs + o]!;
    bBar[o] = bBar[o]! + total;
  }
  for (let o = 0; o < outs; o += 2) {
    const second = o + 1 < outs ? o + 1 : o;
    let j = 0;
    for (; j <= ins - 4; j += 4) {
      let s00 = 0;
      let s01 = 0;
      let s02 = 0;
      let s03 = 0;
      let s10 = 0;
      let s11 = 0;
      let s12 = 0;
      let s13 = 0;
      for (let r = 0, d = 0, at = j; r < rows; r++, d += outs, at += ins) {
        const x = delta[d + o]!;
        const y = delta[d + second]!;
        const u0 = a[at]!;
        const u1 = a[at + 1]!;
        const u2 = a[at + 2]!;
        const u3 = a[at + 3]!;
        s00 += x * u0;
        s01 += x * u1;
        s02 += x * u2;
        s03 += x * u3;
        s10 += y * u0;
        s11 += y * u1;
        s12 += y * u2;
        s13 += y * u3;
      }
      const c0 = o * ins + j;
      wBar[c0] = wBar[c0]! + s00;
      wBar[c0 + 1] = wBar[c0 + 1]! + s01;
      wBar[c0 + 2] = wBar[c0 + 2]! + s02;
      wBar[c0 + 3] = wBar[c0 + 3]! + s03;
      if (second === o) continue;
      const c1 = second * ins + j;
      wBar[c1] = wBar[c1]! + s10;
      wBar[c1 + 1] = wBar[c1 + 1]! + s11;
      wBar[c1 + 2] = wBar[c1 + 2]! + s12;
      wBar[c1 + 3] = wBar[c1 + 3]! + s13;
    }
    for (; j < ins; j++) {
      for (let row = o; row <= second; row++) {
        let total = 0;
        for (let r = 0; r < rows; r++) total += delta[r * outs + row]! * a[r * ins + j]!;
        wBar[row * ins + j] = wBar[row * ins + j]! + total;
      }
    }
  }
}
