// npm start gpu: trains a neural ODE on noisy spirals, its network on the GPU. Nothing here is Node's own, so that it runs
// in Deno and in a page as well. For a network as small as this the CPU is faster: see npm run bench gpu.
import { backprop, rk4, solve } from "odegrad";
import { adam } from "odegrad/train";
import { mlp, webgpu } from "odegrad/webgpu";
import { observe, TRAJECTORIES, uniform } from "./spiral/observations.ts";

const STEPS = 60;
const INTERVALS = 8;
const STEP_SIZE = 0.25;

const gpu = await webgpu();
const { vendor, architecture, description, software } = gpu.adapter;
const kind = software ? "software adapter" : "adapter";
console.log(`${kind} ${[vendor, architecture, description].filter(Boolean).join(", ")}`);

const random = uniform(0);
const { times, noisy } = observe(TRAJECTORIES.train, random);
const field = mlp({ layers: [2, 16, 16, 2], seed: 0, device: gpu });
const optimiser = adam({ learningRate: 2e-2 });
const width = 2 * TRAJECTORIES.train;

/** Solves over a window of the observations, pulls the loss's cotangent back and steps Adam; returns the loss. */
async function train(start: number): Promise<number> {
  const ts = times.subarray(start, start + INTERVALS + 1);
  const target = Array.prototype.slice.call(noisy, width * start, width * (start + ts.length)) as number[];
  const y0 = target.slice(0, width);
  const solution = await solve(field, { y0, ts, solver: rk4, stepSize: STEP_SIZE, adjoint: backprop() });
  const errors = target.map((value, i) => solution.ys[i]! - value);
  const { params } = await solution.pullback(errors.map((error) => (2 * error) / errors.length));
  optimiser.step(field.params, params);
  return errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
}

const clock = performance.now();
let recent = 0;
for (let step = 1; step <= STEPS; step++) {
  optimiser.learningRate = 2e-2 * (1 - step / (STEPS + 1));
  recent += await train(Math.floor(random() * (times.length - INTERVALS)));
  if (step % 10 > 0) continue;
  const seconds = (performance.now() - clock) / 1000;
  console.log(
    `step ${step} of ${STEPS}, mean squared error ${(recent / 10).toExponential(2)}, ${seconds.toFixed(1)} s`,
  );
  recent = 0;
}
const { readbacks, dispatches, bytesUploaded, bytesRead } = gpu.counts;
const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
console.log(
  `${readbacks} readbacks, ${dispatches} dispatches, ${kilobytes(bytesUploaded)} up, ${kilobytes(bytesRead)} down`,
);
gpu.dispose();
