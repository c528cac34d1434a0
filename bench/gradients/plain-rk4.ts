// The gradient in plain JavaScript on typed arrays, forward and backward by hand: every evaluation's activations are kept.
import * as activations from "../kernels/plain-activations.ts";
import * as dense from "../kernels/plain-dense.ts";
import { copyOf } from "../sampling.ts";
import { partsOf, type Rival, STEPS, type UnrolledProblem, WIDTHS } from "./unrolled-problem.ts";

const [DIM, WIDTH] = [WIDTHS[0]!, WIDTHS[1]!];
const STAGES = 4;

/** What an evaluation leaves for its VJP. */
interface Kept {
  readonly x: Float32Array;
  readonly h1: Float32Array;
  readonly h2: Float32Array;
}

export function plainRival({ batch, params, y0 }: UnrolledProblem): Rival {
  const [forward, state, weights] = [copyOf(dense.forward), copyOf(dense.stateGradient), copyOf(dense.weightGradient)];
  const [tanh, slope] = [copyOf(activations.forward.tanh!), copyOf(activations.gradient.tanh!)];
  const bar = new Float32Array(params.length);
  const [w1, b1, w2, b2, w3, b3] = partsOf(params) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [v1, c1, v2, c2, v3, c3] = partsOf(bar) as (typeof w1)[] as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const rows = (width: number): Float32Array => new Float32Array(batch * width);
  const kept: Kept[] = Array.from({ length: STEPS * STAGES }, () => ({
    x: rows(DIM),
    h1: rows(WIDTH),
    h2: rows(WIDTH),
  }));
  const ks = Array.from({ length: STAGES }, () => rows(DIM));
  const kBars = Array.from({ length: STAGES }, () => rows(DIM));
  const [y, yBar, xBar, d1, d2] = [rows(DIM), rows(DIM), rows(DIM), rows(WIDTH), rows(WIDTH)];
  const h = 1 / STEPS;
  const nodes = [0, h / 2, h / 2, h];
  const shares = [h / 6, h / 3, h / 3, h / 6];

  const evaluate = ({ x, h1, h2 }: Kept, dx: Float32Array): void => {
    forward(x, w1, b1, h1, batch, DIM, WIDTH);
    tanh(h1, h1);
    forward(h1, w2, b2, h2, batch, WIDTH, WIDTH);
    tanh(h2, h2);
    forward(h2, w3, b3, dx, batch, WIDTH, DIM);
  };
  const pull = ({ x, h1, h2 }: Kept, cotangent: Float32Array): void => {
    weights(cotangent, h2, v3, c3, batch, WIDTH, DIM);
    state(cotangent, w3, d2, batch, WIDTH, DIM);
    slope(d2, h2);
    weights(d2, h1, v2, c2, batch, WIDTH, WIDTH);
    state(d2, w2, d1, batch, WIDTH, WIDTH);
    slope(d1, h1);
    weights(d1, x, v1, c1, batch, DIM, WIDTH);
    state(d1, w1, xBar, batch, DIM, WIDTH);
  };
  const gradient = (): Float32Array => {
    y.set(y0);
    for (let n = 0; n < STEPS; n++) {
      for (let s = 0; s < STAGES; s++) {
        const own = kept[n * STAGES + s]!;
        if (s === 0) own.x.set(y);
        else for (let i = 0; i < y.length; i++) own.x[i] = y[i]! + nodes[s]! * ks[s - 1]![i]!;
        evaluate(own, ks[s]!);
      }
      for (let i = 0; i < y.length; i++) {
        let sum = y[i]!;
        for (let s = 0; s < STAGES; s++) sum += shares[s]! * ks[s]![i]!;
        y[i] = sum;
      }
    }
    bar.fill(0);
    for (let i = 0; i < y.length; i++) yBar[i] = (2 * y[i]!) / y.length;
    for (let n = STEPS - 1; n >= 0; n--) {
      for (let s = 0; s < STAGES; s++) for (let i = 0; i < y.length; i++) kBars[s]![i] = shares[s]! * yBar[i]!;
      for (let s = STAGES - 1; s >= 0; s--) {
        pull(kept[n * STAGES + s]!, kBars[s]!);
        for (let i = 0; i < y.length; i++) {
          yBar[i]! += xBar[i]!;
          if (s > 0) kBars[s - 1]![i]! += nodes[s]! * xBar[i]!;
        }
      }
    }
    return bar;
  };
  return { name: "plain JavaScript", run: gradient, gradient };
}
