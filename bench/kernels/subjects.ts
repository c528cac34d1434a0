// What the benchmark of the kernels goes through: every kernel in its precisions and sizes, with the case of each.
import type { Dtype } from "../../ts/base/dtype.ts";
import { activationCase, activationGradientCase, COMPARED } from "./activations.ts";
import type { Case, Field } from "./case.ts";
import { DTYPES, SIZES } from "./inputs.ts";
import { denseForwardCase, denseVjpCase, mlpCase } from "./layers.ts";
import { LINEAR_KERNELS, linearCase } from "./linear.ts";
import { PAIRS, secondCase } from "./second.ts";
import { adamCase, combineCase, dotCase, normCase } from "./vectors.ts";

export interface Subject {
  readonly kernel: string;
  readonly dtype: Dtype;
  /** What the size is, for people. */
  readonly size: string;
  /** The cases share the builds' memory, so each is made when the one before is done. */
  make(): Case;
}

const DENSE: readonly (readonly [width: number, batch: number])[] = [
  [8, 1],
  [64, 1],
  [64, 64],
  [512, 64],
];

function* inPrecision(field: Field, dtype: Dtype): Generator<Subject> {
  const vectors = { combine: combineCase, scaledNorm: normCase, dot: dotCase, adam: adamCase };
  for (const [kernel, make] of Object.entries(vectors))
    for (const n of SIZES) yield { kernel, dtype, size: `${n}`, make: () => make(field, dtype, n) };
  const activation = (kernel: string, n: number): Subject => {
    return { kernel, dtype, size: `${n}`, make: () => activationCase(field, dtype, kernel, n) };
  };
  for (const n of SIZES) yield activation("tanh", n);
  const n = 8192;
  for (const name of COMPARED) {
    if (name !== "tanh") yield activation(name, n);
    yield { kernel: `${name}′`, dtype, size: `${n}`, make: () => activationGradientCase(field, dtype, name, n) };
  }
  for (const [width, batch] of DENSE) {
    const size = `${width}×${width} batch ${batch}`;
    yield { kernel: "dense forward", dtype, size, make: () => denseForwardCase(field, dtype, width, batch) };
    yield { kernel: "dense VJP", dtype, size, make: () => denseVjpCase(field, dtype, width, batch) };
  }
  for (const batch of [1, 64, 512]) {
    const size = `2-64-64-2 batch ${batch}`;
    yield { kernel: "mlp forward", dtype, size, make: () => mlpCase(field, dtype, "forward", batch) };
    yield { kernel: "mlp forward+VJP", dtype, size, make: () => mlpCase(field, dtype, "vjp", batch) };
    yield {
      kernel: "mlp second order",
      dtype,
      size: `${size}, ${PAIRS} pairs`,
      make: () => secondCase(field, dtype, batch),
    };
  }
}

export function* subjects(field: Field): Generator<Subject> {
  for (const dtype of DTYPES) yield* inPrecision(field, dtype);
  for (const kernel of LINEAR_KERNELS)
    for (const n of [5, 8, 20, 64, 200])
      yield { kernel, dtype: "float64", size: `${n} × ${n}`, make: () => linearCase(field, kernel, n) };
}
