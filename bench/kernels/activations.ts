// Cases of the activations, forward and backward.

import type { Dtype } from "../../ts/base/dtype.ts";
import { ACTIVATION_NUMBERS } from "../../ts/fields/mlp-layout.ts";
import { copyOf } from "../sampling.ts";
import { type Case, type Field, JS } from "./case.ts";
import { Entrants } from "./entrants.ts";
import { filled } from "./inputs.ts";
import * as plain from "./plain-activations.ts";

/** The activations with a plain form. The engines have no error function, so gelu has none. */
export const COMPARED: readonly string[] = Object.keys(plain.forward);

const kindOf = (name: string): number => (ACTIVATION_NUMBERS as Readonly<Record<string, number>>)[name]!;

export function activationCase(field: Field, dtype: Dtype, name: string, n: number): Case {
  const entrants = new Entrants();
  const kind = kindOf(name);
  for (const build of field.builds) {
    build.reset();
    const [out, x] = [build.vector(dtype, n, 0), build.vector(dtype, n, 1)];
    const run = dtype === "float32" ? build.kernels.activationF32 : build.kernels.activationF64;
    entrants.add(build.name, () => run(kind, out.address, x.address, n), out.view);
  }
  const [out, x] = [filled(dtype, n, 0), filled(dtype, n, 1)];
  const run = copyOf(plain.forward[name]!);
  entrants.add(JS, () => run(out, x), out);
  entrants.addNative(field, "activation", dtype, name, n);
  return entrants.case(n);
}

/** δ ← δ · act′. It works in place, so each run starts from a fresh copy of δ, whose cost is in everyone's time. */
export function activationGradientCase(field: Field, dtype: Dtype, name: string, n: number): Case {
  const entrants = new Entrants();
  const kind = kindOf(name);
  for (const build of field.builds) {
    build.reset();
    const [delta, kept, fresh] = [0, 1, 2].map((seed) => build.vector(dtype, n, seed));
    const run = dtype === "float32" ? build.kernels.activationGradientF32 : build.kernels.activationGradientF64;
    const call = (): void => {
      delta!.view.set(fresh!.view);
      run(kind, delta!.address, kept!.address, n);
    };
    entrants.add(build.name, call, delta!.view);
  }
  const [delta, kept, fresh] = [0, 1, 2].map((seed) => filled(dtype, n, seed));
  const run = copyOf(plain.gradient[name]!);
  const call = (): void => {
    delta!.set(fresh!);
    run(delta!, kept!);
  };
  entrants.add(JS, call, delta!);
  entrants.addNative(field, "activationGradient", dtype, name, n);
  return entrants.case(n);
}
