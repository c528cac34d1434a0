// Packing of a dense layer's weights into the panels that dense.ts multiplies by; once per parameter change.
import { lanes } from "./lanes";

/** Columns filled up to whole vectors. */
// @ts-ignore: decorator
@inline
export function padded<T>(columns: i32): i32 {
  return (columns + lanes<T>() - 1) & -lanes<T>();
}

/** Whether a last panel of so many columns is slim: where a vector holds only two numbers, nothing would be gained. */
// @ts-ignore: decorator
@inline
export function isSlim<T>(columns: i32): bool {
  return sizeof<T>() == 4 && 2 * columns <= lanes<T>();
}

/**
 * Packs B [depth × columns], B[k][j] at w + k·depthStep + j·columnStep (bytes), into depth × padded(columns) numbers.
 * `whole`: `multiply` will be asked for padded(columns), so no panel is slim.
 */
export function pack<T>(
  out: usize,
  w: usize,
  depthStep: usize,
  columnStep: usize,
  depth: i32,
  columns: i32,
  whole: bool,
): void {
  const wide = 2 * lanes<T>();
  for (let j = 0; j < columns; j += wide) {
    const left = columns - j;
    if (!whole && isSlim<T>(left)) {
      packSlim<T>(out, w + <usize>j * columnStep, depthStep, columnStep, depth, left);
      return;
    }
    const width = left > lanes<T>() ? wide : lanes<T>();
    let k = 0;
    if (left >= wide) {
      k = packVectors<T>(out, w + <usize>j * columnStep, depthStep, columnStep, depth);
      out += <usize>k * 32;
    }
    for (; k < depth; k++) {
      let from = w + <usize>k * depthStep + <usize>j * columnStep;
      for (let i = 0; i < width; i++) {
        store<T>(out, i < left ? load<T>(from) : <T>0);
        out += sizeof<T>();
        from += columnStep;
      }
    }
  }
}

/** Packs at most half a vector of columns: two depths of a column side by side, zeros where there is none. */
function packSlim<T>(out: usize, w: usize, depthStep: usize, columnStep: usize, depth: i32, columns: i32): void {
  for (let k = 0; k < depth; k += 2) {
    for (let j = 0; j < lanes<T>() / 2; j++) {
      const from = w + <usize>k * depthStep + <usize>j * columnStep;
      store<T>(out, j < columns ? load<T>(from) : <T>0);
      store<T>(out + sizeof<T>(), j < columns && k + 1 < depth ? load<T>(from + depthStep) : <T>0);
      out += 2 * sizeof<T>();
    }
  }
}

/** Copies n numbers `step` bytes apart, with zeros behind them up to whole vectors. */
export function packVector<T>(out: usize, from: usize, step: usize, n: i32): void {
  const end = out + <usize>padded<T>(n) * sizeof<T>();
  for (; n > 0; n--) {
    store<T>(out, load<T>(from));
    out += sizeof<T>();
    from += step;
  }
  memory.fill(out, 0, end - out);
}

/** Packs a full wide panel as far as whole vectors go, where B lies densely one way or the other; returns that depth. */
function packVectors<T>(out: usize, w: usize, depthStep: usize, columnStep: usize, depth: i32): i32 {
  let k = 0;
  if (columnStep == sizeof<T>()) {
    for (; k < depth; k++) {
      v128.store(out, v128.load(w));
      v128.store(out, v128.load(w, 16), 16);
      w += depthStep;
      out += 32;
    }
  } else if (depthStep == sizeof<T>()) {
    for (; k + lanes<T>() <= depth; k += lanes<T>()) {
      transpose<T>(out, w, columnStep);
      transpose<T>(out + 16, w + <usize>lanes<T>() * columnStep, columnStep);
      w += 16;
      out += <usize>lanes<T>() * 32;
    }
  }
  return k;
}

/** A square of vectors, `step` bytes apart, transposed into vectors 32 bytes apart. */
// @ts-ignore: decorator
@inline
function transpose<T>(out: usize, from: usize, step: usize): void {
  const a = v128.load(from);
  const b = v128.load(from + step);
  if (sizeof<T>() == 8) {
    v128.store(out, v128.shuffle<f64>(a, b, 0, 2));
    v128.store(out, v128.shuffle<f64>(a, b, 1, 3), 32);
  } else {
    const c = v128.load(from + 2 * step);
    const d = v128.load(from + 3 * step);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
    v128.store(out, v128.shuffle<f64>(ab, cd, 0, 2));
    v128.store(out, v128.shuffle<f64>(ab, cd, 1, 3), 32);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f64>(abHigh, cdHigh, 0, 2), 64);
    v128.store(out, v128.shuffle<f64>(abHigh, cdHigh, 1, 3), 96);
  }
}
