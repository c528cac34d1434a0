// The picture: one held-out trajectory, as it was observed, as it truly was, and as the network has it.
import { solve, tsit5 } from "odegrad";
import { chart, type Plot } from "odegrad/plot";
import { excerpt, type Observations, pendulum } from "./observations.ts";
import type { Training } from "./training.ts";

/** The trajectory that starts farthest from rest: the longest spiral. */
function longest({ exact, trajectories }: Observations): number {
  const radii = Array.from({ length: trajectories }, (_, row) => Math.hypot(exact[2 * row], exact[2 * row + 1]));
  return radii.indexOf(Math.max(...radii));
}

/** Both components of a trajectory. */
const curve = (states: ArrayLike<number>) => ({
  x: Array.from({ length: states.length / 2 }, (_, i) => states[2 * i]),
  y: Array.from({ length: states.length / 2 }, (_, i) => states[2 * i + 1]),
});

/** Remembers the untrained network's trajectory now; the function returned draws the picture later. */
export function beginPicture({ validation, predict }: Training): () => Plot {
  const { trajectories, times } = validation;
  const only = [longest(validation)];
  const observed = excerpt(validation.noisy, trajectories, only, 0, times.length);
  const y0 = excerpt(validation.exact, trajectories, only, 0, 1);
  const end = times[times.length - 1];
  const ts = Float64Array.from({ length: 401 }, (_, i) => (end * i) / 400);
  const truth = solve(pendulum, { y0, ts, solver: tsit5, rtol: 1e-9, atol: 1e-9 }).ys;
  const before = predict(y0, ts);
  // An untrained network may lead anywhere: the observations say what is to be seen.
  const around = (values: readonly number[]): [number, number] => {
    const reach = 1.12 * Math.max(...values.map(Math.abs));
    return [-reach, reach];
  };
  const { x, y } = curve(observed);
  return () =>
    chart({
      title: "A neural ODE has learned a noisy spiral",
      xLabel: "angle",
      yLabel: "angular velocity",
      width: 600,
      height: 560,
      xRange: around(x),
      yRange: around(y),
      series: [
        { ...curve(before), label: "untrained", color: "#808080", opacity: 0.6 },
        { x, y, label: "held-out observations", style: "points", color: "#56b4e9" },
        { ...curve(predict(y0, ts)), label: "network", color: "#d55e00" },
        { ...curve(truth), label: "truth", style: "dashed", color: "#0072b2" },
      ],
    });
}
