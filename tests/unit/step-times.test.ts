// Times where the field jumps: steps end there, and every evaluation is on its own step's side of the jump, so that a field
// of constant pieces is solved, and differentiated, exactly.
import { describe, expect, it } from "vitest";
import {
  type Adjoint,
  backprop,
  checkpointed,
  continuous,
  dopri5,
  jvp,
  reverse,
  reversible,
  type SolveOptions,
  solve,
  symplectic,
  vectorField,
} from "../../ts/index.ts";
import { byName } from "./solver-list.ts";

const JUMP = 1 / 3;

/** Slopes before and after the jump; the jump's own time belongs to one of the two pieces. */
const SIDES = {
  "the later piece": (t: number): number => (t < JUMP ? 0 : 1),
  "the earlier piece": (t: number): number => (t <= JUMP ? 0 : 1),
};
const SLOPES = [1, -2];

/** Start and end, and the signed time spent on each piece. */
const SPANS: Record<string, readonly [number, number]> = {
  "time increasing": [0, 1],
  "time decreasing": [1, 0],
  "increasing from the jump": [JUMP, 1],
  "decreasing from the jump": [JUMP, -1],
  "increasing to the jump": [-1, JUMP],
  "decreasing to the jump": [1, JUMP],
};
const spent = ([start, end]: readonly [number, number]): [number, number] => [
  Math.min(end, JUMP) - Math.min(start, JUMP),
  Math.max(end, JUMP) - Math.max(start, JUMP),
];

const cases = Object.entries(SIDES).flatMap(([owner, side]) =>
  Object.entries(SPANS).map(([way, span]) => [way, owner, side, span] as const),
);

describe.each(cases)("%s, the jump itself in %s", (_way, _owner, side, span) => {
  const [before, after] = spent(span);
  const exact = before * SLOPES[0]! + after * SLOPES[1]!;
  const times = { y0: [0], ts: [...span], stepTimes: [JUMP, -4, 9] };

  it("every solver is exact, in fixed and adaptive steps, and rejects nothing", () => {
    // The written step, and the kernels: by a field that returns its result.
    const fields = [
      (t: number, _y: Float64Array, dy: Float64Array): void => {
        dy[0] = SLOPES[side(t)]!;
      },
      (t: number): number[] => [SLOPES[side(t)]!],
    ];
    for (const [, solver] of byName) {
      for (const field of fields) {
        for (const steps of [{ stepSize: 0.25 }, ...(solver.adaptive ? [{}] : [])]) {
          const solution = solve(field, { ...times, solver, ...steps });
          expect(solution.grid).toContain(JUMP);
          expect(solution.ys[1]).toBeCloseTo(exact, 13);
          expect(solution.stats.rejected).toBe(0);
        }
      }
    }
  });

  const field = vectorField({
    f: (t, _y, dy, p) => {
      dy[0] = p[side(t)]!;
    },
    vjp: (t, _y, _p, cotangent, bar) => {
      bar.params[side(t)]! += cotangent[0]!;
    },
    jvp: (t, _y, _p, tangent, dy) => {
      dy[0] = tangent.params[side(t)]!;
    },
    params: SLOPES,
  });
  const adjoints: [Adjoint, Partial<SolveOptions>][] = [
    [backprop(), {}],
    [symplectic(), {}],
    [checkpointed({ checkpoints: 2 }), {}],
    [reverse(), { solver: reversible(dopri5) }],
    [continuous(), {}],
  ];

  it.each(adjoints.map(([adjoint, options]) => [adjoint.name, adjoint, options] as const))(
    "∂L/∂slope by %s is the time spent on the piece",
    (_name, adjoint, options) => {
      for (const steps of [{}, { stepSize: 0.2 }]) {
        const { params } = solve(field, { ...times, ...options, ...steps, adjoint }).pullback([0, 1]);
        expect(params[0]).toBeCloseTo(before, 12);
        expect(params[1]).toBeCloseTo(after, 12);
      }
    },
  );

  it("so is the forward derivative", () => {
    const solution = solve(field, times);
    expect(jvp(solution, { params: [1, 0] })[1]).toBeCloseTo(before, 13);
    expect(jvp(solution, { params: [0, 1] })[1]).toBeCloseTo(after, 13);
  });

  it("so it is with outputs inside steps, and an event behind the jump", () => {
    const [start, end] = span;
    const middle = start + 0.9 * (end - start);
    const [early, late] = spent([start, middle]);
    const reached = early * SLOPES[0]! + late * SLOPES[1]!;
    const inside = solve(field, { ...times, ts: [start, middle, end], adjoint: backprop() });
    expect(inside.ys[1]).toBeCloseTo(reached, 13);
    const { params } = inside.pullback([0, 1, 0]);
    expect(params[0]).toBeCloseTo(early, 12);
    expect(params[1]).toBeCloseTo(late, 12);
    const events = [{ root: (t: number): number => t - middle, terminal: true }];
    const stopped = solve(field, { ...times, events });
    expect(stopped.status).toBe("stopped");
    expect(stopped.ys[1]).toBeCloseTo(reached, 13);
  });
});

it("without the times of its jumps a field costs rejected steps", () => {
  const field = (t: number, _y: Float64Array, dy: Float64Array): void => {
    dy[0] = SLOPES[t < JUMP ? 0 : 1]!;
  };
  expect(solve(field, { y0: [0], ts: [0, 1], solver: dopri5 }).stats.rejected).toBeGreaterThan(3);
});
