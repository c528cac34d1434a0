// The kernels of the network 2 → 64 → 64 → 2, one by one and together, as contestants, each with its work.

import { TANH } from "../../ts/fields/descriptor-layout.ts";
import { kernelLayout, parameterLayout } from "../../ts/fields/mlp-layout.ts";
import type { Build } from "../kernels/builds.ts";
import { PAIRS, secondOf } from "../kernels/second.ts";
import { type Contestant, contestant } from "../sampling.ts";
import { activation, evaluationWork, LAYERS, product, secondWork, slope, vjpWork, type Work, weights } from "./work.ts";

export interface Part {
  readonly work: Work;
  readonly contestant: Contestant;
}

export const EVALUATION = "field evaluation";
export const VJP = "VJP";
export const SECOND = `second order, ${PAIRS} pairs`;

/** The second-order pass alone; the build's memory is used anew. */
export const secondPart = (build: Build, batch: number): Part => ({
  work: secondWork(batch, PAIRS),
  contestant: contestant(SECOND, secondOf(build, "float32", batch).run),
});

const [STATE, WIDTH] = [LAYERS[0]!, LAYERS[1]!];

/** tanh alone, over numbers that stay in the L1 cache; in memory of its own. */
export function tanhOf(build: Build, count: number): Contestant {
  const [out, x] = [build.vector("float32", count), build.vector("float32", count, 1)];
  return contestant("tanh", () => build.kernels.activationF32(TANH, out.address, x.address, count));
}

/** Everything for one batch; the build's memory is used anew. */
export function partsOf(build: Build, batch: number): Part[] {
  const { kernels } = build;
  build.reset();
  const vector = (length: number, seed?: number): number => build.vector("float32", length, seed).address;
  const [x, wide, other] = [vector(batch * STATE, 1), vector(batch * WIDTH, 2), vector(batch * WIDTH, 3)];
  const [out, sums, bias] = [vector(batch * WIDTH), vector(WIDTH * WIDTH), vector(WIDTH, 4)];
  const [biasBar, w] = [vector(WIDTH), vector(WIDTH * WIDTH, 5)];
  const row = (width: number): number => 4 * width;
  const parts: Part[] = [];
  const enter = (name: string, work: Work, call: () => void): void => {
    parts.push({ work, contestant: contestant(name, call) });
  };
  const multiply = (name: string, a: number, inputs: number, outputs: number, withBias: number): void => {
    const panels = vector(inputs * (outputs + 8));
    kernels.densePackF32(panels, w, 4, row(inputs), inputs, outputs);
    const strides = [row(inputs), row(outputs)] as const;
    enter(name, product(batch, inputs, outputs), () =>
      kernels.denseForwardF32(a, strides[0], panels, withBias, out, strides[1], batch, outputs, inputs),
    );
  };
  const accumulate = (delta: number, outputs: number, a: number, inputs: number): void => {
    const strides = [row(outputs), row(inputs)] as const;
    enter(`W̄, b̄ of ${inputs} → ${outputs}`, weights(batch, inputs, outputs), () =>
      kernels.denseGradientF32(delta, strides[0], a, strides[1], sums, strides[1], biasBar, batch, outputs, inputs),
    );
  };
  multiply(`${STATE} → ${WIDTH}`, x, STATE, WIDTH, bias);
  multiply(`${WIDTH} → ${WIDTH}`, wide, WIDTH, WIDTH, bias);
  multiply(`${WIDTH} → ${STATE}`, wide, WIDTH, STATE, bias);
  const count = batch * WIDTH;
  enter(`tanh of ${WIDTH}`, activation(count), () => kernels.activationF32(TANH, out, wide, count));
  accumulate(x, STATE, wide, WIDTH);
  accumulate(wide, WIDTH, other, WIDTH);
  accumulate(wide, WIDTH, x, STATE);
  // The kept values are 0, so δ stays what it is.
  const [delta, kept] = [vector(count, 6), vector(count)];
  enter(`tanh′ of ${WIDTH}`, slope(count), () => kernels.activationGradientF32(TANH, delta, kept, count));

  const shape = { layers: LAYERS, time: false };
  const layout = kernelLayout(shape, "tanh", "float32", batch, true);
  const { length } = parameterLayout(shape);
  const [theta, thetaBar, packed] = [vector(length, 1), vector(length), vector(layout.packedLength)];
  const [work, tape, xBar] = [vector(layout.workLength), vector(layout.tapeLength), vector(batch * STATE)];
  const cotangent = vector(batch * STATE, 4);
  const descriptor = build.vector("float64", layout.descriptorWords / 2).address;
  layout.describe(new Uint32Array(build.memory.buffer, descriptor, layout.descriptorWords), { theta, packed, work });
  kernels.mlpPackF32(descriptor);
  kernels.mlpForwardF32(descriptor, 0, x, out, tape);
  enter(EVALUATION, evaluationWork(batch), () => kernels.mlpForwardF32(descriptor, 0, x, out, tape));
  enter(VJP, vjpWork(batch), () => {
    kernels.mlpBackwardF32(descriptor, 0, x, cotangent, xBar, thetaBar, tape);
  });
  return parts;
}
