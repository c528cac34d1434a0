// Cases of the vector kernels: combine with six terms, the scaled norm, the dot product, Adam.

import type { Dtype } from "../../ts/base/dtype.ts";
import * as at from "../../ts/vectors/table-layout.ts";
import { copyOf } from "../sampling.ts";
import type { Build, Vector } from "./builds.ts";
import { type Case, type Field, JS } from "./case.ts";
import { Entrants } from "./entrants.ts";
import { fill, filled, STEP, WEIGHTS } from "./inputs.ts";
import * as plain from "./plain-vectors.ts";

const RTOL = 1e-6;
const ATOL = 1e-9;

/** The table of terms that combine and norm read: an address and a weight each. */
function termTable(build: Build, vectors: readonly Vector[]): number {
  const { address } = build.vector("float64", (at.TERM_BYTES / 8) * vectors.length);
  const memory = new DataView(build.memory.buffer, address);
  vectors.forEach((vector, j) => {
    memory.setUint32(j * at.TERM_BYTES + at.TERM_VECTOR, vector.address, true);
    memory.setFloat64(j * at.TERM_BYTES + at.TERM_WEIGHT, WEIGHTS[j]!, true);
  });
  return address;
}

/** The root mean square over the whole state. */
function measure(build: Build, length: number): number {
  const { address } = build.vector("float64", (at.MEASURE_BYTES + at.SEGMENT_BYTES) / 8);
  const memory = new DataView(build.memory.buffer, address);
  memory.setInt32(at.MEASURE_KIND, at.RMS, true);
  memory.setInt32(at.MEASURE_SEGMENTS, 1, true);
  memory.setFloat64(at.MEASURE_RTOL, RTOL, true);
  memory.setFloat64(at.MEASURE_ATOL, ATOL, true);
  memory.setUint32(at.MEASURE_BYTES + at.SEGMENT_LENGTH, length, true);
  memory.setFloat64(at.MEASURE_BYTES + at.SEGMENT_WEIGHT, 1, true);
  return address;
}

const six = <T>(make: (seed: number) => T): T[] => Array.from({ length: 6 }, (_, seed) => make(seed));

export function combineCase(field: Field, dtype: Dtype, n: number): Case {
  const entrants = new Entrants();
  for (const build of field.builds) {
    build.reset();
    const terms = termTable(
      build,
      six((seed) => build.vector(dtype, n, seed)),
    );
    const base = build.vector(dtype, n, 6);
    const out = build.vector(dtype, n);
    const combine = build.kernels.vectors[dtype].combine;
    entrants.add(build.name, () => combine(out.address, base.address, terms, 6, STEP, n), out.view);
  }
  const vectors = six((seed) => filled(dtype, n, seed));
  const [base, out] = [filled(dtype, n, 6), filled(dtype, n, 7)];
  const combine = copyOf(plain.combine);
  entrants.add(JS, () => combine(out, base, vectors, WEIGHTS, STEP), out);
  const all = filled(dtype, 8 * n, 0);
  for (let seed = 0; seed < 7; seed++) fill(all.subarray(seed * n, (seed + 1) * n), seed);
  const inOne = copyOf(plain.combineInOne);
  entrants.add(`${JS} in one array`, () => inOne(all, n, WEIGHTS, STEP), all.subarray(7 * n));
  entrants.addNative(field, "combine", dtype, n);
  return entrants.case(n);
}

export function normCase(field: Field, dtype: Dtype, n: number): Case {
  const entrants = new Entrants();
  for (const build of field.builds) {
    build.reset();
    const terms = termTable(
      build,
      six((seed) => build.vector(dtype, n, seed)),
    );
    const [a, b] = [build.vector(dtype, n, 6), build.vector(dtype, n, 7)];
    const measured = measure(build, n);
    const norm = build.kernels.vectors[dtype].scaledNorm;
    entrants.add(build.name, () => norm(measured, terms, 6, STEP, a.address, b.address));
  }
  const vectors = six((seed) => filled(dtype, n, seed));
  const [a, b] = [filled(dtype, n, 6), filled(dtype, n, 7)];
  const norm = copyOf(plain.scaledNorm);
  entrants.add(JS, () => norm(vectors, WEIGHTS, STEP, a, b, RTOL, ATOL));
  entrants.addNative(field, "scaledNorm", dtype, n);
  return entrants.case(n);
}

export function dotCase(field: Field, dtype: Dtype, n: number): Case {
  const entrants = new Entrants();
  for (const build of field.builds) {
    build.reset();
    const [a, b] = [build.vector(dtype, n, 0), build.vector(dtype, n, 1)];
    const dot = build.kernels.vectors[dtype].dot;
    entrants.add(build.name, () => dot(a.address, b.address, n));
  }
  const [a, b] = [filled(dtype, n, 0), filled(dtype, n, 1)];
  const dot = copyOf(plain.dot);
  entrants.add(JS, () => dot(a, b));
  entrants.addNative(field, "dot", dtype, n);
  return entrants.case(n);
}

/** Not comparable by results: the parameters move in every run. */
export function adamCase(field: Field, dtype: Dtype, n: number): Case {
  const entrants = new Entrants();
  const corrections = [1 - 0.9 ** 10, 1 - 0.999 ** 10] as const;
  for (const build of field.builds) {
    build.reset();
    const [theta, g, m, v] = [
      build.vector(dtype, n, 0),
      build.vector(dtype, n, 1),
      build.vector(dtype, n),
      build.vector(dtype, n),
    ];
    const adam = dtype === "float32" ? build.kernels.adamF32 : build.kernels.adamF64;
    // biome-ignore format: the order of the kernel's arguments
    entrants.add(build.name, () => adam(theta.address, g.address, m.address, v.address, n, 1e-3, 0.9, 0.999, 1e-8, 0, ...corrections), theta.view);
  }
  const [theta, g, m, v] = [
    filled(dtype, n, 0),
    filled(dtype, n, 1),
    filled(dtype, n, 0).fill(0),
    filled(dtype, n, 0).fill(0),
  ];
  const adam = copyOf(plain.adam);
  entrants.add(JS, () => adam(theta, g, m, v, 1e-3), theta);
  entrants.addNative(field, "adam", dtype, n);
  return entrants.case(n, false);
}
