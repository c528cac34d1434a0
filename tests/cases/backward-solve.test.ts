// Failures of the backward solve of continuous(): in the user's own terms, with what to take instead.
import { describe, expect, it } from "vitest";
import { continuous, mlp, type SolveError, solve, type VjpFunction, vectorField } from "../../ts/index.ts";
import { failureOf } from "../unit/errors.ts";

const lorenz = vectorField({
  params: [10, 28, 8 / 3],
  f(_t, [x, y, z], dy, [s, r, b]) {
    dy[0] = s! * (y! - x!);
    dy[1] = x! * (r! - z!) - y!;
    dy[2] = x! * y! - b! * z!;
  },
  vjp(_t, [x, y, z], [s, r, b], [u, v, w], out) {
    out.y[0]! += -s! * u! + (r! - z!) * v! + y! * w!;
    out.y[1]! += s! * u! - v! + x! * w!;
    out.y[2]! += -x! * v! - b! * w!;
  },
});

const growth = (vjp: VjpFunction) => vectorField({ params: [1], f: (_t, y) => y, vjp });
const failureWith = (vjp: VjpFunction): SolveError =>
  failureOf(() => solve(growth(vjp), { y0: [1], ts: [0, 1], adjoint: continuous() }).pullback([0, 1], { times: true }));

describe("II (c) 2: failures of continuous() name what is y, and what its adjoint", () => {
  it("II (c) 2: Lorenz, whose way back is stiff", () => {
    const solution = solve(lorenz, { y0: [1, 1, 1], ts: [0, 30], adjoint: continuous(), maxSteps: 20_000 });
    const failure = failureOf(() => solution.pullback([0, 0, 0, 1, 1, 1]));
    expect(failure.code).toBe("max-steps");
    expect(failure.message).toMatch(/^in the backward solve of continuous\(\)/);
    expect(failure.message).toMatch(/the largest error is in (the adjoint of )?component [012] of y\./);
    expect(failure.message).toContain("symplectic()");
    expect(failure.t).toBeGreaterThan(0);
  });

  it("II (c) 6: an overflow of float32, where a step is not to blame", () => {
    const solution = solve(mlp({ layers: [1, 1], params: [40, 0] }), {
      y0: [1e-20],
      ts: [0, 3],
      adjoint: continuous(),
    });
    const failure = failureOf(() => solution.pullback([0, 1]));
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toMatch(
      /the adjoint of component 0 of y has come to \S+e\+3[5-8], where float32 overflows/,
    );
    expect(failure.message).toContain("widened(field)");
    expect(failure.message).toContain("symplectic()");
    for (const wrong of ["stiff", "stabilized6", "maxSteps"]) expect(failure.message).not.toContain(wrong);
  });

  it.each<[string, VjpFunction]>([
    ["the adjoint of component 0 of y", (_t, _y, _p, _c, out) => void out.y.fill(Number.NaN)],
    ["the adjoint of params[0]", (_t, _y, _p, _c, out) => void out.params.fill(Number.NaN)],
    ["the adjoint of t", (_t, _y, _p, _c, out) => void out.t.fill(Number.NaN)],
  ])("II (c) 2: a vjp that makes NaN of %s", (name, vjp) => {
    const failure = failureWith(vjp);
    expect(failure.code).toBe("non-finite");
    expect(failure.message).toContain(`derivative of ${name} is NaN at the start (does vjp add finite numbers only?)`);
  });
});
