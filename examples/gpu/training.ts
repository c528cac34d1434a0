// Trains a neural ODE on noisy spirals, its network on the GPU. Nothing here is Node's own: it runs in Deno and in pages too.
import { backprop, rk4, solve } from "odegrad";
import { adam } from "odegrad/train";
import { mlp, type WebGpu } from "odegrad/webgpu";
import { observe, TRAJECTORIES, uniform } from "../spiral/observations.ts";

const INTERVALS = 8;
const STEP_SIZE = 0.25;
const RATE = 2e-2;
const PRINTED = 10;

/** Trains for so many steps and reports in lines; returns the loss of each step, on its window of the observations. */
export async function train(gpu: WebGpu, steps: number, report: (line: string) => void): Promise<number[]> {
  const random = uniform(0);
  const { times, noisy } = observe(TRAJECTORIES.train, random);
  const width = 2 * TRAJECTORIES.train;
  const field = mlp({ layers: [2, 16, 16, 2], seed: 0, device: gpu });
  const optimiser = adam({ learningRate: RATE });

  /** Solves over a window of the observations, pulls the loss's cotangent back and steps Adam. */
  const step = async (start: number): Promise<number> => {
    const ts = times.subarray(start, start + INTERVALS + 1);
    const target = Array.prototype.slice.call(noisy, width * start, width * (start + ts.length)) as number[];
    const y0 = target.slice(0, width);
    const solution = await solve(field, { y0, ts, solver: rk4, stepSize: STEP_SIZE, adjoint: backprop() });
    const errors = target.map((value, i) => solution.ys[i]! - value);
    const { params } = await solution.pullback(errors.map((error) => (2 * error) / errors.length));
    solution.dispose();
    optimiser.step(field.params, params);
    return errors.reduce((sum, error) => sum + error * error, 0) / errors.length;
  };

  const { vendor, architecture, description, software } = gpu.adapter;
  const kind = software ? "software adapter" : "adapter";
  report(`${kind} ${[vendor, architecture, description].filter(Boolean).join(", ")}`);
  const clock = performance.now();
  const losses: number[] = [];
  for (let n = 1; n <= steps; n++) {
    optimiser.learningRate = RATE * (1 - n / (steps + 1));
    losses.push(await step(Math.floor(random() * (times.length - INTERVALS))));
    if (n % PRINTED > 0) continue;
    const mean = losses.slice(-PRINTED).reduce((sum, loss) => sum + loss, 0) / PRINTED;
    const seconds = ((performance.now() - clock) / 1000).toFixed(1);
    report(`step ${n} of ${steps}, mean squared error ${mean.toExponential(2)}, ${seconds} s`);
  }
  const { readbacks, dispatches, bytesUploaded, bytesRead } = gpu.counts;
  const kilobytes = (bytes: number): string => `${Math.round(bytes / 1000)} kB`;
  report(
    `${readbacks} readbacks, ${dispatches} dispatches, ${kilobytes(bytesUploaded)} up, ${kilobytes(bytesRead)} down`,
  );
  return losses;
}
