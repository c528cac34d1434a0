// Shaders that sum what a layer's gradient leaves in parts, and each row's share of ∂f/∂t.

/** Lanes of a workgroup: GATHER gives each one a number of the result, TOTAL has one workgroup for all. */
export const SUM_LANES = 256;

/** to[i] += Σ over parts of from[part][i], in order, so that the same solve gives the same bits. */
export const GATHER: string = /* wgsl */ `
struct Params { from_: u32, to: u32, length: u32, parts: u32 }
@compute @workgroup_size(${SUM_LANES})
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= p.length) { return; }
  var sum = 0.0;
  for (var part = 0u; part < p.parts; part++) { sum += block[p.from_ + part * p.length + id.x]; }
  block[p.to + id.x] += sum;
}`;

/** to[0] ← Σ from. */
export const TOTAL: string = /* wgsl */ `
struct Params { from_: u32, to: u32, length: u32 }
var<workgroup> sums: array<f32, ${SUM_LANES}>;
@compute @workgroup_size(${SUM_LANES})
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < p.length; i += ${SUM_LANES}u) { sum += block[p.from_ + i]; }
  sums[lane] = sum;
  for (var half = ${SUM_LANES / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) { block[p.to] = sums[0]; }
}`;
