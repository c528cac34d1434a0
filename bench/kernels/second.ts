// The second-order pass of the network 2 → 64 → 64 → 2 with tanh, for pairs that share x; the forward pass has left its tape.
import type { Dtype, FloatArray } from "../../ts/base/dtype.ts";
import { PAIR_BYTES, PAIR_COTANGENT, PAIR_TANGENT } from "../../ts/fields/descriptor-layout.ts";
import { kernelLayout, parameterLayout } from "../../ts/fields/mlp-layout.ts";
import { workLength } from "../../ts/fields/mlp-second.ts";
import { secondKernelsOn } from "../../ts/fields/second-kernels.ts";
import { copyOf } from "../sampling.ts";
import type { Build } from "./builds.ts";
import { type Case, type Field, JS } from "./case.ts";
import { Entrants } from "./entrants.ts";
import { filled } from "./inputs.ts";
import * as activations from "./plain-activations.ts";
import * as plain from "./plain-dense.ts";

export const PAIRS = 2;
const SHAPE = { layers: [2, 64, 64, 2], time: false };
const PARAMETERS = parameterLayout(SHAPE).length;

/** In WebAssembly; the build's memory is used anew. */
export function secondOf(build: Build, dtype: Dtype, batch: number): { run: () => void; xBar: FloatArray } {
  build.reset();
  const { kernels, memory } = build;
  const single = dtype === "float32";
  const layout = kernelLayout(SHAPE, "tanh", dtype, batch, true);
  const vector = (length: number, seed?: number) => build.vector(dtype, length, seed);
  const [theta, thetaBar, packed] = [vector(PARAMETERS, 1), vector(PARAMETERS), vector(layout.packedLength)];
  const [work, tape] = [vector(layout.workLength), vector(layout.tapeLength)];
  const [x, xBar] = [vector(batch * 2, 2), vector(batch * 2)];
  const [v, u] = [vector(PAIRS * batch * 2, 4), vector(PAIRS * batch * 2, 5)];
  const { address } = build.vector("float64", layout.descriptorWords / 2);
  const words = new Uint32Array(memory.buffer, address, layout.descriptorWords);
  layout.describe(words, { theta: theta.address, packed: packed.address, work: work.address });
  const network = { ...SHAPE, activation: "tanh", dtype, params: theta.view } as const;
  const more = vector(workLength({ network, layout }, batch, PAIRS));
  const pairs = build.vector("float64", (PAIRS * PAIR_BYTES) / 8);
  const records = new Uint32Array(memory.buffer, pairs.address, (PAIRS * PAIR_BYTES) / 4);
  for (let i = 0; i < PAIRS; i++) {
    const part = (i * x.view.byteLength) as number;
    records[(i * PAIR_BYTES + PAIR_TANGENT) / 4] = u.address + part;
    records[(i * PAIR_BYTES + PAIR_COTANGENT) / 4] = v.address + part;
  }
  (single ? kernels.mlpPackF32 : kernels.mlpPackF64)(address);
  (single ? kernels.mlpForwardF32 : kernels.mlpForwardF64)(address, 0, x.address, 0, tape.address);
  const second = secondKernelsOn(memory, kernels);
  const kernel = single ? second.mlpSecondF32 : second.mlpSecondF64;
  const [at, bar, sums] = [x.address, xBar.address, thetaBar.address];
  return {
    run: () => kernel(address, more.address, pairs.address, PAIRS, 0, at, bar, sums, tape.address),
    xBar: xBar.view,
  };
}

/** The same in plain JavaScript. */
function plainSecond(dtype: Dtype, batch: number): { run: () => void; xBar: FloatArray } {
  const part = (all: FloatArray): FloatArray[] => {
    let at = 0;
    return [64 * 2, 64, 64 * 64, 64, 2 * 64, 2].map((length) => {
      at += length;
      return all.subarray(at - length, at) as FloatArray;
    });
  };
  type Parts = [FloatArray, FloatArray, FloatArray, FloatArray, FloatArray, FloatArray];
  const [w1, b1, w2, b2, w3] = part(filled(dtype, PARAMETERS, 1)) as Parts;
  const [v1, c1, v2, c2, v3] = part(filled(dtype, PARAMETERS, 5)) as Parts;
  const wide = (): FloatArray => filled(dtype, batch * 64, 0);
  const [h1, h2, d11, d12, d21, d22, sum1, sum2] = Array.from({ length: 8 }, wide) as [
    ...Parts,
    FloatArray,
    FloatArray,
  ];
  const [dot1, dot2, bend1, bend2, g1, g2] = Array.from({ length: 6 }, wide) as Parts;
  const [x, xBar] = [filled(dtype, batch * 2, 2), filled(dtype, batch * 2, 3)];
  const [vs, us] = [filled(dtype, PAIRS * batch * 2, 4), filled(dtype, PAIRS * batch * 2, 5)];
  const [zeros, unused] = [filled(dtype, 64, 0).fill(0), filled(dtype, 64, 0)];
  const [dense, state, weights] = [copyOf(plain.forward), copyOf(plain.stateGradient), copyOf(plain.weightGradient)];
  const tanh = copyOf(activations.forward.tanh!);
  dense(x, w1, b1, h1, batch, 2, 64);
  tanh(h1, h1);
  dense(h1, w2, b2, h2, batch, 64, 64);
  tanh(h2, h2);
  const curve = (h: FloatArray, d1: FloatArray, d2: FloatArray, sum: FloatArray): void => {
    for (let i = 0; i < h.length; i++) {
      const slope = 1 - h[i]! * h[i]!;
      d1[i] = slope;
      d2[i] = -2 * h[i]! * slope;
      sum[i] = 0;
    }
  };
  const forth = (dot: FloatArray, bend: FloatArray, d1: FloatArray, d2: FloatArray): void => {
    for (let i = 0; i < dot.length; i++) {
      bend[i] = d2[i]! * dot[i]!;
      dot[i] = d1[i]! * dot[i]!;
    }
  };
  const back = (g: FloatArray, bend: FloatArray, sum: FloatArray, d1: FloatArray): void => {
    for (let i = 0; i < g.length; i++) {
      sum[i] = sum[i]! + bend[i]! * g[i]!;
      g[i] = d1[i]! * g[i]!;
    }
  };
  const rows = Array.from({ length: PAIRS }, (_, k) => {
    const own = (all: FloatArray): FloatArray => all.subarray(2 * batch * k, 2 * batch * (k + 1)) as FloatArray;
    return [own(us), own(vs)] as const;
  });
  const run = (): void => {
    curve(h1, d11, d12, sum1);
    curve(h2, d21, d22, sum2);
    for (const [u, v] of rows) {
      dense(u, w1, zeros, dot1, batch, 2, 64);
      forth(dot1, bend1, d11, d12);
      dense(dot1, w2, zeros, dot2, batch, 64, 64);
      forth(dot2, bend2, d21, d22);
      weights(v, dot2, v3, unused, batch, 64, 2);
      state(v, w3, g2, batch, 64, 2);
      back(g2, bend2, sum2, d21);
      weights(g2, dot1, v2, unused, batch, 64, 64);
      state(g2, w2, g1, batch, 64, 64);
      back(g1, bend1, sum1, d11);
      weights(g1, u, v1, unused, batch, 2, 64);
    }
    weights(sum2, h1, v2, c2, batch, 64, 64);
    state(sum2, w2, g1, batch, 64, 64);
    for (let i = 0; i < g1.length; i++) g1[i] = d11[i]! * g1[i]! + sum1[i]!;
    weights(g1, x, v1, c1, batch, 2, 64);
    state(g1, w1, xBar, batch, 2, 64);
  };
  return { run, xBar };
}

export function secondCase(field: Field, dtype: Dtype, batch: number): Case {
  const entrants = new Entrants();
  for (const build of field.builds) {
    const { run, xBar } = secondOf(build, dtype, batch);
    entrants.add(build.name, run, xBar);
  }
  const { run, xBar } = plainSecond(dtype, batch);
  entrants.add(JS, run, xBar);
  entrants.addNative(field, "mlpSecond", dtype, batch, PAIRS);
  return entrants.case(batch * 2);
}
