// Cases of dense layers, square ones, and of the network 2 → 64 → 64 → 2 with tanh.

import { bytesOf, type Dtype, type FloatArray } from "../../ts/base/dtype.ts";
import { kernelLayout, parameterLayout } from "../../ts/fields/mlp-layout.ts";
import { copyOf } from "../sampling.ts";
import type { Build } from "./builds.ts";
import { type Case, type Field, JS } from "./case.ts";
import { Entrants } from "./entrants.ts";
import { filled } from "./inputs.ts";
import * as activations from "./plain-activations.ts";
import * as plain from "./plain-dense.ts";

/** Floating-point operations of `forward` for width × width and a batch. */
export const denseOperations = (width: number, batch: number): number => 2 * width * width * batch;

/** Seeds as in bench/native/kernels.cpp. */
export function denseForwardCase(field: Field, dtype: Dtype, width: number, batch: number): Case {
  const entrants = new Entrants();
  const stride = width * bytesOf(dtype);
  for (const build of field.builds) {
    build.reset();
    const { kernels } = build;
    const [a, w] = [build.vector(dtype, batch * width, 0), build.vector(dtype, width * width, 1)];
    const [bias, c] = [build.vector(dtype, width, 2), build.vector(dtype, batch * width)];
    const packed = build.vector(dtype, width * (width + 8));
    const [pack, run] =
      dtype === "float32"
        ? [kernels.densePackF32, kernels.denseForwardF32]
        : [kernels.densePackF64, kernels.denseForwardF64];
    pack(packed.address, w.address, bytesOf(dtype), stride, width, width);
    const call = (): void =>
      run(a.address, stride, packed.address, bias.address, c.address, stride, batch, width, width);
    entrants.add(build.name, call, c.view);
  }
  const [a, w] = [filled(dtype, batch * width, 0), filled(dtype, width * width, 1)];
  const [bias, c] = [filled(dtype, width, 2), filled(dtype, batch * width, 3)];
  const run = copyOf(plain.forward);
  entrants.add(JS, () => run(a, w, bias, c, batch, width, width), c);
  entrants.addNative(field, "denseForward", dtype, width, batch);
  return entrants.case(batch * width);
}

/** Both halves: Ā ← δ W, and W̄ += δᵀ A with b̄ += Σ δ. */
export function denseVjpCase(field: Field, dtype: Dtype, width: number, batch: number): Case {
  const entrants = new Entrants();
  const stride = width * bytesOf(dtype);
  for (const build of field.builds) {
    build.reset();
    const { kernels } = build;
    const [delta, w, aBar] = [
      build.vector(dtype, batch * width, 0),
      build.vector(dtype, width * width, 1),
      build.vector(dtype, batch * width),
    ];
    const [wBar, bBar, a] = [
      build.vector(dtype, width * width),
      build.vector(dtype, width),
      build.vector(dtype, batch * width, 6),
    ];
    const packed = build.vector(dtype, width * (width + 8));
    const single = dtype === "float32";
    const pack = single ? kernels.densePackF32 : kernels.densePackF64;
    const state = single ? kernels.denseForwardF32 : kernels.denseForwardF64;
    const weights = single ? kernels.denseGradientF32 : kernels.denseGradientF64;
    pack(packed.address, w.address, stride, bytesOf(dtype), width, width);
    const call = (): void => {
      state(delta.address, stride, packed.address, 0, aBar.address, stride, batch, width, width);
      weights(delta.address, stride, a.address, stride, wBar.address, stride, bBar.address, batch, width, width);
    };
    entrants.add(build.name, call, aBar.view);
  }
  const [delta, w, aBar] = [
    filled(dtype, batch * width, 0),
    filled(dtype, width * width, 1),
    filled(dtype, batch * width, 3),
  ];
  const [wBar, bBar, a] = [filled(dtype, width * width, 4), filled(dtype, width, 5), filled(dtype, batch * width, 6)];
  const [state, weights] = [copyOf(plain.stateGradient), copyOf(plain.weightGradient)];
  const call = (): void => {
    state(delta, w, aBar, batch, width, width);
    weights(delta, a, wBar, bBar, batch, width, width);
  };
  entrants.add(JS, call, aBar);
  entrants.addNative(field, "denseVjp", dtype, width, batch);
  return entrants.case(batch * width);
}

const SHAPE = { layers: [2, 64, 64, 2], time: false };
const PARAMETERS = parameterLayout(SHAPE).length;

/** The network in WebAssembly: `forward` leaves its tape for `backward`. */
function network(
  build: Build,
  dtype: Dtype,
  batch: number,
): { forward: () => void; vjp: () => void; dx: FloatArray; xBar: FloatArray } {
  build.reset();
  const { kernels } = build;
  const single = dtype === "float32";
  const layout = kernelLayout(SHAPE, "tanh", dtype, batch, true);
  const [theta, thetaBar] = [build.vector(dtype, PARAMETERS, 1), build.vector(dtype, PARAMETERS)];
  const [packed, work, tape] = [layout.packedLength, layout.workLength, layout.tapeLength].map((length) =>
    build.vector(dtype, length),
  );
  const [x, dx, cotangent, xBar] = [2, 3, 4, 3].map((seed) => build.vector(dtype, batch * 2, seed));
  const { address } = build.vector("float64", layout.descriptorWords / 2);
  const words = new Uint32Array(build.memory.buffer, address, layout.descriptorWords);
  layout.describe(words, { theta: theta.address, packed: packed!.address, work: work!.address });
  (single ? kernels.mlpPackF32 : kernels.mlpPackF64)(address);
  const [forward, backward] = single
    ? [kernels.mlpForwardF32, kernels.mlpBackwardF32]
    : [kernels.mlpForwardF64, kernels.mlpBackwardF64];
  return {
    forward: () => forward(address, 0, x!.address, dx!.address, tape!.address),
    vjp: () => {
      forward(address, 0, x!.address, 0, tape!.address);
      backward(address, 0, x!.address, cotangent!.address, xBar!.address, thetaBar.address, tape!.address);
    },
    dx: dx!.view,
    xBar: xBar!.view,
  };
}

/** The same network in plain JavaScript. */
function plainNetwork(
  dtype: Dtype,
  batch: number,
): { forward: () => void; vjp: () => void; dx: FloatArray; xBar: FloatArray } {
  const [theta, thetaBar] = [filled(dtype, PARAMETERS, 1), filled(dtype, PARAMETERS, 5)];
  const part = (all: FloatArray): FloatArray[] => {
    const lengths = [64 * 2, 64, 64 * 64, 64, 2 * 64, 2];
    let at = 0;
    return lengths.map((length) => {
      at += length;
      return all.subarray(at - length, at);
    });
  };
  const [w1, b1, w2, b2, w3, b3] = part(theta) as [
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const [v1, c1, v2, c2, v3, c3] = part(thetaBar) as [
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const [h1, h2, d1, d2] = [0, 0, 0, 0].map((seed) => filled(dtype, batch * 64, seed)) as [
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const [x, dx, cotangent, xBar] = [2, 3, 4, 3].map((seed) => filled(dtype, batch * 2, seed)) as [
    FloatArray,
    FloatArray,
    FloatArray,
    FloatArray,
  ];
  const [dense, state, weights] = [copyOf(plain.forward), copyOf(plain.stateGradient), copyOf(plain.weightGradient)];
  const [tanh, slope] = [copyOf(activations.forward.tanh!), copyOf(activations.gradient.tanh!)];
  const hidden = (): void => {
    dense(x, w1, b1, h1, batch, 2, 64);
    tanh(h1, h1);
    dense(h1, w2, b2, h2, batch, 64, 64);
    tanh(h2, h2);
  };
  return {
    forward: () => {
      hidden();
      dense(h2, w3, b3, dx, batch, 64, 2);
    },
    vjp: () => {
      hidden();
      weights(cotangent, h2, v3, c3, batch, 64, 2);
      state(cotangent, w3, d2, batch, 64, 2);
      slope(d2, h2);
      weights(d2, h1, v2, c2, batch, 64, 64);
      state(d2, w2, d1, batch, 64, 64);
      slope(d1, h1);
      weights(d1, x, v1, c1, batch, 2, 64);
      state(d1, w1, xBar, batch, 2, 64);
    },
    dx,
    xBar,
  };
}

/** The value, or the value without its last layer and the VJP after it. */
export function mlpCase(field: Field, dtype: Dtype, what: "forward" | "vjp", batch: number): Case {
  const entrants = new Entrants();
  const enter = (name: string, { forward, vjp, dx, xBar }: ReturnType<typeof network>): void =>
    what === "forward" ? entrants.add(name, forward, dx) : entrants.add(name, vjp, xBar);
  for (const build of field.builds) enter(build.name, network(build, dtype, batch));
  enter(JS, plainNetwork(dtype, batch));
  entrants.addNative(field, what === "forward" ? "mlpForward" : "mlpVjp", dtype, batch);
  return entrants.case(batch * 2);
}
