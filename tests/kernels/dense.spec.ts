// Dense layers against plain loops in float64: every small shape, so every tile and every tail, then a wide one.
import {
  denseForwardF32,
  denseForwardF64,
  denseGradientF32,
  denseGradientF64,
  densePackF32,
  densePackF64,
} from "../../assembly/exports/networks";
import { padded } from "../../assembly/dense-pack";
import { bits, copyOf, get, isFramed, operand, put } from "./operands";

function packed<T>(w: usize, depthStep: i32, columnStep: i32, depth: i32, columns: i32): usize {
  const out = operand<T>(depth * padded<T>(columns));
  const k = <usize>depthStep * sizeof<T>();
  const j = <usize>columnStep * sizeof<T>();
  if (sizeof<T>() == 4) densePackF32(out, w, k, j, depth, columns);
  else densePackF64(out, w, k, j, depth, columns);
  expect<bool>(isFramed<T>(out, depth * padded<T>(columns))).toBe(true, "packing stays inside");
  return out;
}

function forward<T>(a: usize, aWidth: i32, panels: usize, bias: usize, c: usize, cWidth: i32, rows: i32, columns: i32, depth: i32): void {
  const aStride = <usize>aWidth * sizeof<T>();
  const cStride = <usize>cWidth * sizeof<T>();
  if (sizeof<T>() == 4) denseForwardF32(a, aStride, panels, bias, c, cStride, rows, columns, depth);
  else denseForwardF64(a, aStride, panels, bias, c, cStride, rows, columns, depth);
}

function tolerance<T>(depth: i32): f64 {
  return <f64>(depth + 2) * (sizeof<T>() == 4 ? 6e-8 : 1.2e-16) * 2;
}

/** Forward with rows further apart than they are wide; NaN in the gaps of A must not matter, gaps of C must stay. */
function forwardIsRight<T>(rows: i32, columns: i32, depth: i32, withBias: bool): bool {
  const aWidth = depth + 3;
  const cWidth = columns + 2;
  const a = operand<T>(rows * aWidth, sizeof<T>());
  const w = operand<T>(columns * depth);
  const bias = operand<T>(padded<T>(columns));
  const c = operand<T>(rows * cWidth, sizeof<T>());
  for (let i = 0; i < rows; i++) {
    for (let g = depth; g < aWidth; g++) put<T>(a, i * aWidth + g, NaN);
    for (let g = columns; g < cWidth; g++) put<T>(c, i * cWidth + g, 77);
  }
  const panels = packed<T>(w, 1, depth, depth, columns);
  forward<T>(a, aWidth, panels, withBias ? bias : 0, c, cWidth, rows, columns, depth);
  if (!isFramed<T>(c, rows * cWidth)) return false;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let sum: f64 = withBias ? get<T>(bias, j) : 0;
      for (let k = 0; k < depth; k++) sum += get<T>(a, i * aWidth + k) * get<T>(w, j * depth + k);
      // Not ≤, so that a NaN fails.
      if (!(abs(get<T>(c, i * cWidth + j) - sum) <= tolerance<T>(depth))) return false;
    }
    for (let g = columns; g < cWidth; g++) if (get<T>(c, i * cWidth + g) != 77) return false;
  }
  return true;
}

/** A row's bits do not depend on its place in the batch. */
function rowsAreIndependent<T>(rows: i32, columns: i32, depth: i32): bool {
  const a = operand<T>(rows * depth);
  const panels = packed<T>(operand<T>(columns * depth), 1, depth, depth, columns);
  const bias = operand<T>(padded<T>(columns));
  const c = operand<T>(rows * columns);
  const one = operand<T>(columns);
  forward<T>(a, depth, panels, bias, c, columns, rows, columns, depth);
  for (let i = 0; i < rows; i++) {
    forward<T>(a + <usize>(i * depth) * sizeof<T>(), depth, panels, bias, one, columns, 1, columns, depth);
    for (let j = 0; j < columns; j++) if (bits<T>(one, j) != bits<T>(c, i * columns + j)) return false;
  }
  return true;
}

/** The weights packed the other way give δ W. */
function dataGradientIsRight<T>(rows: i32, outputs: i32, inputs: i32): bool {
  const delta = operand<T>(rows * outputs);
  const w = operand<T>(outputs * inputs);
  const out = operand<T>(rows * inputs);
  forward<T>(delta, outputs, packed<T>(w, inputs, 1, outputs, inputs), 0, out, inputs, rows, inputs, outputs);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < inputs; k++) {
      let sum: f64 = 0;
      for (let j = 0; j < outputs; j++) sum += get<T>(delta, i * outputs + j) * get<T>(w, j * inputs + k);
      if (!(abs(get<T>(out, i * inputs + k) - sum) <= tolerance<T>(outputs))) return false;
    }
  }
  return true;
}

/** W += δᵀ A and b += Σ δ, onto what is there; W's rows one number further apart, as with a time column. */
function weightGradientIsRight<T>(rows: i32, outputs: i32, inputs: i32): bool {
  const dWidth = outputs + 1;
  const aWidth = inputs + 1;
  const wWidth = inputs + 1;
  const delta = operand<T>(rows * dWidth, sizeof<T>());
  const a = operand<T>(rows * aWidth, sizeof<T>());
  for (let i = 0; i < rows; i++) {
    put<T>(delta, i * dWidth + outputs, NaN);
    put<T>(a, i * aWidth + inputs, NaN);
  }
  const w = operand<T>(outputs * wWidth, sizeof<T>());
  const bias = operand<T>(outputs, sizeof<T>());
  const wBefore = copyOf<T>(w, outputs * wWidth);
  const biasBefore = copyOf<T>(bias, outputs);
  const s = sizeof<T>();
  if (s == 4) denseGradientF32(delta, dWidth * s, a, aWidth * s, w, wWidth * s, bias, rows, outputs, inputs);
  else denseGradientF64(delta, dWidth * s, a, aWidth * s, w, wWidth * s, bias, rows, outputs, inputs);
  if (!isFramed<T>(w, outputs * wWidth) || !isFramed<T>(bias, outputs)) return false;
  for (let j = 0; j < outputs; j++) {
    let total = get<T>(biasBefore, j);
    for (let i = 0; i < rows; i++) total += get<T>(delta, i * dWidth + j);
    if (!(abs(get<T>(bias, j) - total) <= tolerance<T>(rows))) return false;
    for (let k = 0; k < inputs; k++) {
      let sum = get<T>(wBefore, j * wWidth + k);
      for (let i = 0; i < rows; i++) sum += get<T>(delta, i * dWidth + j) * get<T>(a, i * aWidth + k);
      if (!(abs(get<T>(w, j * wWidth + k) - sum) <= tolerance<T>(rows))) return false;
    }
    if (bits<T>(w, j * wWidth + inputs) != bits<T>(wBefore, j * wWidth + inputs)) return false;
  }
  return true;
}

function expectAllShapes<T>(): void {
  for (let rows = 1; rows <= 9; rows++) {
    for (let columns = 1; columns <= 17; columns++) {
      for (let depth = 1; depth <= 17; depth += columns % 3 ? 1 : 4) {
        const shape = rows.toString() + " × " + columns.toString() + " × " + depth.toString();
        if (!forwardIsRight<T>(rows, columns, depth, (depth & 1) == 0)) expect<string>(shape).toBe("right forward");
        if (!dataGradientIsRight<T>(rows, columns, depth)) expect<string>(shape).toBe("right data gradient");
        if (!weightGradientIsRight<T>(rows, columns, depth)) expect<string>(shape).toBe("right weight gradient");
      }
    }
  }
}

function expectWideShapes<T>(): void {
  expect<bool>(forwardIsRight<T>(101, 70, 67, true)).toBe(true, "more rows than a block");
  expect<bool>(forwardIsRight<T>(3, 261, 259, true)).toBe(true, "wide");
  expect<bool>(dataGradientIsRight<T>(50, 33, 65)).toBe(true, "data gradient");
  expect<bool>(weightGradientIsRight<T>(48, 39, 45)).toBe(true, "weight gradient");
  for (let columns = 1; columns <= 40; columns++) {
    expect<bool>(rowsAreIndependent<T>(13, columns, 7)).toBe(true, "rows on their own, " + columns.toString());
  }
}

describe("dense layers", () => {
  test("float32: batches 1 … 9, widths 1 … 17", () => expectAllShapes<f32>());
  test("float64: batches 1 … 9, widths 1 … 17", () => expectAllShapes<f64>());
  test("float32: blocks, wide layers, independent rows", () => expectWideShapes<f32>());
  test("float64: blocks, wide layers, independent rows", () => expectWideShapes<f64>());
  test("a NaN reaches its own row only", () => {
    const a = operand<f32>(6 * 5);
    put<f32>(a, 2 * 5 + 1, NaN);
    const c = operand<f32>(6 * 9);
    forward<f32>(a, 5, packed<f32>(operand<f32>(45), 1, 5, 5, 9), 0, c, 9, 6, 9, 5);
    for (let i = 0; i < 54; i++) expect<bool>(isNaN(get<f32>(c, i))).toBe(i / 9 == 2);
  });
});
