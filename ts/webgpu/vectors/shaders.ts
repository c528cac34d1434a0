// The shaders of a solve's vector operations on a block: linear combinations and reductions. Vectors go by their address;
// every dispatch has its operands in its parameters (commands.ts).

/** Threads of a workgroup. */
export const THREADS = 128;
/** Stands for no vector. */
export const NONE = 0xffffffff;

/** A table of terms, two to a vec4: address, weight's bits, address, weight's bits. */
const TERMS = /* wgsl */ `
fn term(j: u32) -> vec2<u32> {
  let pair = p.terms[j / 2u];
  return select(pair.xy, pair.zw, (j & 1u) == 1u);
}
fn sum_of_terms(i: u32) -> f32 {
  var sum = 0.0;
  for (var j = 0u; j < p.count; j++) {
    let t = term(j);
    sum += bitcast<f32>(t.y) * block[t.x + i];
  }
  return sum;
}
`;

/** out ← value, every number of it. */
export const FILL_SHADER: string = /* wgsl */ `
struct Params { out: u32, n: u32, value: f32 }
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  for (var i = id.x; i < p.n; i += groups.x * ${THREADS}u) { block[p.out + i] = p.value; }
}
`;

/** Words before the terms, and how many terms there is room for. */
export const COMBINE = { header: 4, terms: 30 } as const;

/** out ← base + Σ weightsⱼ termsⱼ, elementwise. */
export const COMBINE_SHADER: string = /* wgsl */ `
struct Params { out: u32, base: u32, count: u32, n: u32, terms: array<vec4<u32>, 15> }
${TERMS}
@compute @workgroup_size(${THREADS})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
  for (var i = id.x; i < p.n; i += groups.x * ${THREADS}u) {
    var base = 0.0;
    if (p.base != ${NONE}u) { base = block[p.base + i]; }
    block[p.out + i] = base + sum_of_terms(i);
  }
}
`;

export const REDUCE = { header: 16, terms: 24 } as const;
/** What is reduced: see `REDUCE_SHADER`. */
export const KINDS = { rms: 0, max: 1, finite: 2, dot: 3 } as const;
/** Errors below this times the state are rounding, and not counted, unless a and b are one vector: as in assembly/norm.ts. */
const ROUNDING: number = 2 ** -24;

/**
 * The first half of a reduction: each workgroup leaves what its share of a segment amounts to, and how many of its numbers
 * are not finite. rms: Σ r², max: max r, with r = max(0, |v| − ROUNDING · size)/(atol + rtol · size), v = Σ terms and
 * size = max(|a|, |b|), where 0/0 counts as 0; finite: nothing; dot: Σ a b. Infinities are told by their bits, since
 * shaders may assume that there are none.
 */
export const REDUCE_SHADER: string = /* wgsl */ `
struct Params {
  start: u32, length: u32, kind: u32, count: u32,
  a: u32, b: u32, rtols: u32, atols: u32,
  rtol: f32, atol: f32, out: u32, unused: u32,
  padding: vec4<u32>,
  terms: array<vec4<u32>, 12>
}
${TERMS}
var<workgroup> sums: array<f32, ${THREADS}>;
var<workgroup> bads: array<u32, ${THREADS}>;
fn bad(x: f32) -> u32 { return select(0u, 1u, (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u); }
@compute @workgroup_size(${THREADS})
fn main(
  @builtin(local_invocation_index) thread: u32,
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
) {
  var sum = 0.0;
  var bads_here = 0u;
  for (var i = group.x * ${THREADS}u + thread; i < p.length; i += groups.x * ${THREADS}u) {
    let at = p.start + i;
    let b = block[p.b + at];
    bads_here += bad(b);
    if (p.kind == ${KINDS.finite}u) { continue; }
    let a = block[p.a + at];
    if (p.kind == ${KINDS.dot}u) {
      bads_here += bad(a);
      sum += a * b;
      continue;
    }
    var rtol = p.rtol;
    var atol = p.atol;
    if (p.rtols != ${NONE}u) { rtol = block[p.rtols + at]; }
    if (p.atols != ${NONE}u) { atol = block[p.atols + at]; }
    let v = sum_of_terms(at);
    bads_here += bad(v);
    let size = max(abs(a), abs(b));
    let error = abs(v) - select(${ROUNDING}, 0.0, p.a == p.b) * size;
    if (error <= 0.0) { continue; }
    let ratio = error / (atol + rtol * size);
    if (p.kind == ${KINDS.rms}u) { sum += ratio * ratio; } else { sum = max(sum, ratio); }
  }
  sums[thread] = sum;
  bads[thread] = bads_here;
  for (var half = ${THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      bads[thread] += bads[thread + half];
      if (p.kind == ${KINDS.max}u) { sums[thread] = max(sums[thread], sums[thread + half]); }
      else { sums[thread] += sums[thread + half]; }
    }
  }
  if (thread == 0u) {
    block[p.out + 2u * group.x] = sums[0];
    block[p.out + 2u * group.x + 1u] = f32(bads[0]);
  }
}
`;

/**
 * The second half: from the groups' shares the segment's value, rms: weight · sqrt(Σ / length), max: weight · max, dot: Σ;
 * into `out` the largest value of all segments (of a dot product the value) and the count of numbers that are not finite,
 * starting anew where `first` is 1.
 */
export const FOLD_SHADER: string = /* wgsl */ `
struct Params { shares: u32, groups: u32, kind: u32, length: u32, weight: f32, out: u32, first: u32 }
@compute @workgroup_size(1)
fn main() {
  var value = 0.0;
  var bads = 0.0;
  for (var g = 0u; g < p.groups; g++) {
    let share = block[p.shares + 2u * g];
    bads += block[p.shares + 2u * g + 1u];
    if (p.kind == ${KINDS.max}u) { value = max(value, share); } else { value += share; }
  }
  if (p.kind == ${KINDS.rms}u) { value = sqrt(value / f32(p.length)); }
  if (p.kind != ${KINDS.dot}u) { value *= p.weight; }
  if (p.first == 0u) {
    value = max(value, block[p.out]);
    bads += block[p.out + 1u];
  }
  block[p.out] = value;
  block[p.out + 1u] = bads;
}
`;
