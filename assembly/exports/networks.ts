// The binary of networks: one generic kernel, one thin export per precision. ts/fields/mlp-kernels.ts has the signatures for
// TypeScript.
import { activate, activationGradient } from "../activation";
import { multiply } from "../dense";
import { pack } from "../dense-pack";
import { columnSums, weightGradient } from "../dense-gradient";
import { mlpBackward, mlpForward, mlpPack } from "../mlp";
import { mlpJvp } from "../mlp-jvp";
export { SCRATCH_BYTES, useScratch } from "../scratch";

/** The first byte behind what the binary keeps in memory. */
export const STATIC_END: usize = __heap_base;

export function mlpPackF32(descriptor: usize): void {
  mlpPack<f32>(descriptor);
}
export function mlpPackF64(descriptor: usize): void {
  mlpPack<f64>(descriptor);
}
export function mlpForwardF32(descriptor: usize, t: f64, x: usize, dx: usize, tape: usize): void {
  mlpForward<f32>(descriptor, t, x, dx, tape);
}
export function mlpForwardF64(descriptor: usize, t: f64, x: usize, dx: usize, tape: usize): void {
  mlpForward<f64>(descriptor, t, x, dx, tape);
}
export function mlpBackwardF32(
  descriptor: usize,
  t: f64,
  x: usize,
  cotangent: usize,
  xBar: usize,
  thetaBar: usize,
  tape: usize,
): f64 {
  return mlpBackward<f32>(descriptor, t, x, cotangent, xBar, thetaBar, tape);
}
export function mlpBackwardF64(
  descriptor: usize,
  t: f64,
  x: usize,
  cotangent: usize,
  xBar: usize,
  thetaBar: usize,
  tape: usize,
): f64 {
  return mlpBackward<f64>(descriptor, t, x, cotangent, xBar, thetaBar, tape);
}
export function mlpJvpF32(
  descriptor: usize,
  dot: usize,
  t: f64,
  x: usize,
  xDot: usize,
  out: usize,
  tape: usize,
): void {
  mlpJvp<f32>(descriptor, dot, t, x, xDot, out, tape);
}
export function mlpJvpF64(
  descriptor: usize,
  dot: usize,
  t: f64,
  x: usize,
  xDot: usize,
  out: usize,
  tape: usize,
): void {
  mlpJvp<f64>(descriptor, dot, t, x, xDot, out, tape);
}
export function activationF32(kind: i32, out: usize, x: usize, n: i32): void {
  activate<f32>(kind, out, x, n);
}
export function activationF64(kind: i32, out: usize, x: usize, n: i32): void {
  activate<f64>(kind, out, x, n);
}
export function activationGradientF32(kind: i32, delta: usize, kept: usize, n: i32): void {
  activationGradient<f32>(kind, delta, kept, n);
}
export function activationGradientF64(kind: i32, delta: usize, kept: usize, n: i32): void {
  activationGradient<f64>(kind, delta, kept, n);
}
export function densePackF32(
  out: usize,
  w: usize,
  depthStep: usize,
  columnStep: usize,
  depth: i32,
  columns: i32,
): void {
  pack<f32>(out, w, depthStep, columnStep, depth, columns, false);
}
export function densePackF64(
  out: usize,
  w: usize,
  depthStep: usize,
  columnStep: usize,
  depth: i32,
  columns: i32,
): void {
  pack<f64>(out, w, depthStep, columnStep, depth, columns, false);
}
export function denseForwardF32(
  a: usize,
  aStride: usize,
  panels: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  rows: i32,
  columns: i32,
  depth: i32,
): void {
  multiply<f32>(a, aStride, panels, bias, c, cStride, rows, columns, depth);
}
export function denseForwardF64(
  a: usize,
  aStride: usize,
  panels: usize,
  bias: usize,
  c: usize,
  cStride: usize,
  rows: i32,
  columns: i32,
  depth: i32,
): void {
  multiply<f64>(a, aStride, panels, bias, c, cStride, rows, columns, depth);
}
export function denseGradientF32(
  delta: usize,
  deltaStride: usize,
  a: usize,
  aStride: usize,
  w: usize,
  wStride: usize,
  bias: usize,
  rows: i32,
  outputs: i32,
  inputs: i32,
): void {
  weightGradient<f32>(delta, deltaStride, a, aStride, w, wStride, rows, outputs, inputs);
  if (bias) columnSums<f32>(bias, delta, deltaStride, outputs, rows);
}
export function denseGradientF64(
  delta: usize,
  deltaStride: usize,
  a: usize,
  aStride: usize,
  w: usize,
  wStride: usize,
  bias: usize,
  rows: i32,
  outputs: i32,
  inputs: i32,
): void {
  weightGradient<f64>(delta, deltaStride, a, aStride, w, wStride, rows, outputs, inputs);
  if (bias) columnSums<f64>(bias, delta, deltaStride, outputs, rows);
}
