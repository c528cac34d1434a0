// No adjoint returns NaN or Infinity, and no mistake of a VJP written by hand is believed.
import {
  type Adjoint,
  auto,
  backprop,
  checkpointed,
  continuous,
  mlp,
  reverse,
  reversible,
  rk4,
  solve,
  symplectic,
  tsit5,
  type VjpFunction,
  vectorField,
} from "odegrad";
import { describe, expect, it } from "vitest";
import { failureOf, rejectionOf } from "./errors.ts";

const EXACT: [string, () => Adjoint][] = [
  ["backprop", backprop],
  ["symplectic", symplectic],
  ["checkpointed", () => checkpointed({ checkpoints: 2 })],
  ["auto", auto],
];

const decay = (vjp: VjpFunction) =>
  vectorField({
    f: (_t, y, dy, p) => {
      dy[0] = -p[0]! * y[0]!;
    },
    vjp,
    params: [1],
  });
const right: VjpFunction = (_t, y, p, v, out) => {
  out.y[0]! -= p[0]! * v[0]!;
  out.params[0]! -= y[0]! * v[0]!;
};
const run = (vjp: VjpFunction, adjoint: Adjoint, solver = tsit5) =>
  solve(decay(vjp), { y0: [1], ts: [0, 1], solver, adjoint });

describe.each(EXACT)("%s", (_, adjoint) => {
  it("names y0 where a square root starts at zero", () => {
    const tank = vectorField({
      f: (_t, y, dy) => {
        dy[0] = Math.sqrt(Math.max(0, y[0]!));
      },
      vjp: (_t, y, _p, v, out) => {
        out.y[0]! += v[0]! / (2 * Math.sqrt(Math.max(0, y[0]!)));
      },
    });
    const failure = failureOf(() => solve(tank, { y0: [0], ts: [0, 1], adjoint: adjoint() }).pullback([0, 1]));
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toContain("∂L/∂y0[0]");
  });

  it("names ts, and the first step, where the field's slope in time is infinite at the start", () => {
    const field = vectorField({
      f: (t, _y, dy) => {
        dy[0] = Math.sqrt(t);
      },
      vjp: (t, _y, _p, v, out) => {
        out.t[0]! += v[0]! / (2 * Math.sqrt(t));
      },
    });
    const solution = solve(field, { y0: [1], ts: [0, 1], solver: rk4, stepSize: 0.25, adjoint: adjoint() });
    expect(solution.pullback([0, 1]).y0[0]).toBe(1);
    const failure = failureOf(() => solution.pullback([0, 1], { times: true }));
    expect(failure.message).toContain("∂L/∂ts[0]");
    expect([failure.t, failure.h]).toEqual([0, 0.25]);
  });

  it("names the parameter that a VJP made NaN, and the step", () => {
    let calls = 0;
    const late: VjpFunction = (...given) => {
      right(...given);
      if (given[0] < 0.3 && calls++ >= 0) given[4].params[0] = Number.NaN;
    };
    const solution = solve(decay(late), { y0: [1], ts: [0, 1], solver: rk4, stepSize: 0.25, adjoint: adjoint() });
    const failure = failureOf(() => solution.pullback([0, 1]));
    expect(failure.message).toContain("∂L/∂params[0] is NaN");
    expect([failure.t, failure.h]).toEqual([0.25, 0.25]);
  });

  it("says so where float32 overflows", () => {
    const net = mlp({ layers: [1, 1], params: [40, 0], activation: "identity" });
    const solution = solve(net, { y0: [1e-20], ts: [0, 3], adjoint: adjoint() });
    expect(solution.ys.every(Number.isFinite)).toBe(true);
    expect(failureOf(() => solution.pullback([0, 1])).code).toBe("non-finite");
  });
});

describe("other adjoints", () => {
  const nan: VjpFunction = (...given) => {
    right(...given);
    given[4].params[0] = Number.NaN;
  };
  it("continuous(), with and without quadrature", () => {
    for (const adjoint of [continuous(), continuous({ quadrature: true })])
      expect(failureOf(() => run(nan, adjoint).pullback([0, 1])).code).toBe("non-finite");
  });

  it("reverse()", () => {
    expect(failureOf(() => run(nan, reverse(), reversible(tsit5)).pullback([0, 1])).message).toContain("params[0]");
  });
});

describe("a VJP written by hand", () => {
  it("may not return anything", () => {
    const gradient = (_t: number, y: Float64Array, p: Float64Array, v: Float64Array) => [
      -p[0]! * v[0]!,
      -y[0]! * v[0]!,
    ];
    const returns = gradient as unknown as VjpFunction;
    const failure = failureOf(() => run(returns, symplectic()).pullback([0, 1]));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("vjp returned");
  });

  it("may not return anything later, either", async () => {
    const field = vectorField({
      f: async (_t, y, dy) => {
        dy[0] = -y[0]!;
      },
      vjp: (async (_t: number, _y: unknown, _p: unknown, v: Float64Array) => [-v[0]!]) as unknown as VjpFunction,
    });
    const asynchronous = field as unknown as Parameters<typeof solve>[0];
    const solution = await (solve(asynchronous, {
      y0: [1],
      ts: [0, 1],
      adjoint: symplectic(),
    }) as unknown as Promise<ReturnType<typeof run>>);
    const failure = await rejectionOf(Promise.resolve(solution.pullback([0, 1])));
    expect(failure.message).toContain("vjp returned");
  });

  it("may not put arrays of its own in place of the outputs", () => {
    const replaces: VjpFunction = (_t, _y, p, v, out) => {
      (out as { y: unknown }).y = [-p[0]! * v[0]!];
    };
    expect(() => run(replaces, symplectic()).pullback([0, 1])).toThrow(TypeError);
  });
});

describe("pullback", () => {
  const solution = run(right, symplectic());
  it.each([
    [{ time: true }, "pullback option time"],
    [{ times: 1 }, "pullback option times"],
    [null, "pullback options"],
  ])("refuses %j", (options, text) => {
    const failure = failureOf(() => solution.pullback([0, 1], options as never));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain(text);
  });

  it("says what a cotangent overflows", () => {
    const net = mlp({ layers: [1, 4, 1] });
    const failure = failureOf(() => solve(net, { y0: [1], ts: [0, 1], adjoint: backprop() }).pullback([0, 1e39]));
    expect(failure.message).toContain("float32");
  });
});

describe("a field that returns the value of its assignment", () => {
  it("is told to put braces around its body", () => {
    const failure = failureOf(() =>
      solve(((_t: number, y: Float64Array, dy: Float64Array) => (dy[0] = -y[0]!)) as never, { y0: [1], ts: [0, 1] }),
    );
    expect(failure.message).toContain("braces");
  });

  it("and one that returns BigInts is refused", () => {
    expect(failureOf(() => solve((() => [1n]) as never, { y0: [1], ts: [0, 1] })).code).toBe("invalid");
  });
});
