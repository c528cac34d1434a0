// The training: solve over a window of the observations, pull the loss's cotangent back, step Adam. Runs anywhere; who
// drives it decides when the next step comes.
import { backprop, mlp, type SolveOptions, type Solver, solve } from "odegrad";
import { adam } from "odegrad/train";
import { excerpt, type Observations, observe, TRAJECTORIES, uniform } from "./observations.ts";

export interface Settings {
  readonly steps: number;
  readonly seed: number;
  /** Neurons in each of the two hidden layers. */
  readonly width: number;
  /** Trajectories in a mini-batch. */
  readonly batch: number;
  readonly learningRate: number;
  readonly solver: Solver;
  readonly rtol: number;
  /** For solvers that cannot choose their steps. */
  readonly stepSize: number;
}

/** Mean squared errors over whole trajectories. */
export interface Losses {
  /** Training trajectories, from their first observation on, against their noisy observations. */
  readonly train: number;
  /** Held-out trajectories, from their true start on, against the truth without noise. */
  readonly validation: number;
}

export interface Costs {
  evaluations: number;
  vjps: number;
  /** The most that any one step of the training held. */
  peakBytes: number;
}

export interface Training {
  readonly validation: Observations;
  readonly parameters: number;
  readonly costs: Readonly<Costs>;
  /** Takes one step and returns its mini-batch's loss. */
  step(): number;
  losses(): Losses;
  /** The network's trajectories from y0 on, [ts × y0], row-major. */
  predict(y0: ArrayLike<number>, ts: ArrayLike<number>): ArrayLike<number>;
}

// Observation intervals in a window, at the first step and at the last. Short windows teach a network that knows
// nothing the directions of the flow; long ones later tune the period, which short ones hardly show.
const WINDOW = { first: 4, last: 36 };

/** The mean squared error, and ∂/∂ys of it. */
function meanSquare(ys: ArrayLike<number>, target: ArrayLike<number>): { loss: number; cotangent: Float64Array } {
  const cotangent = new Float64Array(ys.length);
  let sum = 0;
  for (let i = 0; i < ys.length; i++) {
    const error = ys[i] - target[i];
    sum += error * error;
    cotangent[i] = (2 * error) / ys.length;
  }
  return { loss: sum / ys.length, cotangent };
}

/** `count` of the numbers below `limit`, in random order (Fisher and Yates). */
function sample(count: number, limit: number, random: () => number): number[] {
  const numbers = Array.from({ length: limit }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random() * (limit - i));
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers.slice(0, count);
}

export function startTraining(settings: Settings): Training {
  const { steps, seed, width, batch, learningRate, solver, rtol, stepSize } = settings;
  const random = uniform(seed);
  const train = observe(TRAJECTORIES.train, random);
  const validation = observe(TRAJECTORIES.validation, random);
  const field = mlp({ layers: [2, width, width, 2], activation: "tanh", seed });
  const optimiser = adam({ learningRate });
  const costs: Costs = { evaluations: 0, vjps: 0, peakBytes: 0 };
  const accuracy: Partial<SolveOptions> = solver.adaptive ? { rtol, atol: rtol / 10 } : { stepSize };
  let taken = 0;

  const predict = (y0: ArrayLike<number>, ts: ArrayLike<number>) => solve(field, { y0, ts, solver, ...accuracy }).ys;

  function step(): number {
    const progress = taken++ / steps;
    optimiser.learningRate = learningRate * (0.01 + 0.99 * Math.cos((Math.PI / 2) * progress) ** 2);
    const intervals = Math.round(WINDOW.first + (WINDOW.last - WINDOW.first) * progress);
    const start = Math.floor(random() * (train.times.length - intervals));
    const ts = train.times.subarray(start, start + intervals + 1);
    const target = excerpt(
      train.noisy,
      train.trajectories,
      sample(batch, train.trajectories, random),
      start,
      ts.length,
    );

    const y0 = target.subarray(0, 2 * batch);
    const solution = solve(field, { y0, ts, solver, ...accuracy, adjoint: backprop() });
    const { loss, cotangent } = meanSquare(solution.ys, target);
    const gradients = solution.pullback(cotangent);
    optimiser.step(field.params, gradients.params);

    costs.evaluations += solution.stats.evaluations + gradients.stats.evaluations;
    costs.vjps += gradients.stats.vjps;

    costs.peakBytes = Math.max(costs.peakBytes, solution.stats.peakBytes.total, gradients.stats.peakBytes.total);
    return loss;
  }

  const whole = (states: ArrayLike<number>, target: ArrayLike<number>, { times, trajectories }: Observations) =>
    meanSquare(predict(Array.prototype.slice.call(states, 0, 2 * trajectories), times), target).loss;
  const losses = () => ({
    train: whole(train.noisy, train.noisy, train),
    validation: whole(validation.exact, validation.exact, validation),
  });

  return { validation, parameters: field.params.length, costs, step, losses, predict };
}
