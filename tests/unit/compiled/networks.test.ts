// Networks that equations call: values, derivatives and parameters, against the same networks called by themselves.
import { describe, expect, it } from "vitest";
import { compiled, divergence, hamiltonian } from "../../../ts/compiled/index.ts";
import {
  backprop,
  checkDerivatives,
  checkpointed,
  jvp,
  mlp,
  reverse,
  reversible,
  solve,
  symplectic,
  tsit5,
  vectorField,
} from "../../../ts/index.ts";
import { threaded, threads } from "../../../ts/threads/index.ts";
import { failureOf } from "../errors.ts";
import { numbers } from "../networks.ts";
import { distance } from "../reference.ts";

const fresh = (layers: readonly number[], seed: number, time = false) => mlp({ layers, seed, time, dtype: "float64" });

describe("values", () => {
  const twin = fresh([2, 9, 2], 1);

  it("are those of the network, one row and many", () => {
    const net = fresh([2, 9, 2], 1);
    const field = compiled(
      (_t, [x, y], dy, { a }) => {
        const [u, v] = net(x!, y!);
        dy[0] = a * x! - u!;
        dy[1] = x! * y! + 2 * v!;
      },
      { params: { a: 0.7 }, uses: () => ({ net }), dim: 2 },
    );
    for (const rows of [1, 2, 5]) {
      const state = numbers(2 * rows, rows);
      const expected = Array.from({ length: rows }, (_, i) => {
        const [x, y] = [state[2 * i]!, state[2 * i + 1]!];
        const [u, v] = twin(x, y);
        return [0.7 * x - u!, x * y + 2 * v!];
      }).flat();
      expect(distance(field.evaluate(0, state), expected)).toBeLessThan(1e-15);
    }
  });

  it("go on to other networks, take t and arrays, and wait behind conditions", async () => {
    const inner = fresh([2, 5, 3], 2, true);
    const outer = fresh([3, 4, 2], 3);
    const [a, b] = [fresh([2, 5, 3], 2, true), fresh([3, 4, 2], 3)];
    const f = (t: number, y: Float64Array, dy: Float64Array, _p: unknown, nets = { inner, outer }): void => {
      const z = nets.inner(y[0]!, y[1]!, Math.sin(t));
      const w = nets.outer(z);
      // Where y[0] is negative its logarithm is none, and must not come back through the network.
      dy[0] = y[0]! > 0 ? nets.outer(Math.log(y[0]!), y[1]!, 1)[0]! : w[0]!;
      dy[1] = w[1]! * t;
    };
    const field = compiled(
      (t, y, dy) => {
        const z = inner(y[0]!, y[1]!, Math.sin(t));
        const w = outer(z);
        dy[0] = y[0]! > 0 ? outer(Math.log(y[0]!), y[1]!, 1)[0]! : w[0]!;
        dy[1] = w[1]! * t;
      },
      { uses: () => ({ inner, outer }), dim: 2 },
    );
    for (const state of [
      [0.4, -0.3],
      [-0.4, 0.2],
      [0.1, 0.2, -3, 0.4, 2, -1],
    ]) {
      const expected = new Float64Array(state.length);
      for (let i = 0; i < state.length; i += 2)
        f(0.8, Float64Array.from(state.slice(i, i + 2)), expected.subarray(i, i + 2), undefined, {
          inner: a,
          outer: b,
        });
      expect(distance(field.evaluate(0.8, state), expected)).toBeLessThan(1e-15);
      await checkDerivatives(field, { t: 0.8, y: state });
    }
    expect(field.params).toHaveLength(a.params.length + b.params.length);
    expect(field.names).toEqual(["inner", "outer"]);
  });

  it("may come from arrays and objects, a template and a minifier", () => {
    const nets = [fresh([1, 3, 1], 1), fresh([1, 2, 1], 2)];
    const twins = [fresh([1, 3, 1], 1), fresh([1, 2, 1], 2)];
    const field = compiled(
      (_t, [y], dy) => {
        let sum = 0;
        for (const net of nets) sum += net(y!)[0]!;
        dy[0] = sum;
      },
      { uses: () => ({ nets }) },
    );
    expect(field.names).toEqual(["nets[0]", "nets[1]"]);
    expect(field.evaluate(0, [0.3])[0]).toBeCloseTo(twins[0]!(0.3)[0]! + twins[1]!(0.3)[0]!, 15);
    const net = fresh([1, 3, 1], 4);
    const text = compiled(compiled.js`(t, [y], dy) => { dy[0] = ${net}(y)[0] * y; }`);
    expect(text.names).toEqual(["net0"]);
    expect(text.evaluate(0, [0.3])[0]).toBeCloseTo(0.3 * fresh([1, 3, 1], 4)(0.3)[0]!, 15);
    const e = fresh([1, 3, 1], 5);
    const short = compiled(
      (_t, y, n) => {
        n[0] = e(y)[0]!;
      },
      { uses: () => ({ net: e }) },
    );
    expect(short.names).toEqual(["net"]);
    expect(short.evaluate(0, [0.3])[0]).toBe(fresh([1, 3, 1], 5)(0.3)[0]);
  });
});

/** Two species; what one takes from the other is a network's. */
const ude = () => {
  const net = fresh([2, 6, 5, 2], 7);
  const field = compiled(
    (t, [x, y], dy, { alpha, delta }) => {
      const [u, v] = net(x!, y!);
      dy[0] = alpha * x! * (1 + 0.1 * Math.sin(t)) + u!;
      dy[1] = v! * x! - delta * y!;
    },
    { params: { alpha: 1.3, delta: 1.8 }, uses: () => ({ net }), dim: 2 },
  );
  return { net, field };
};

describe("derivatives", () => {
  it.each([1, 2, 3])("are those of differences, %i rows", async (rows) => {
    const { field } = ude();
    const found = await checkDerivatives(field, { t: 0.4, y: numbers(2 * rows, 3) });
    expect(found.vjp).toBeLessThan(1e-8);
    expect(found.jvp).toBeLessThan(1e-8);
  });

  it("at a point: the VJP adds, the JVP and the Jacobian agree with it", () => {
    const { field } = ude();
    const y = [0.3, -0.4];
    const [w, yDot, pDot] = [[0.7, -1.1], [0.2, 0.9], numbers(field.params.length, 6)];
    const sums = { y: [1, 1], params: field.params.map(() => 1), t: [1] };
    field.vjp(0.3, y, undefined, w, sums);
    const out = [0, 0];
    field.jvp(0.3, y, undefined, { y: yDot, params: pDot }, out);
    const pulled =
      yDot.reduce((s, v, i) => s + v * (sums.y[i]! - 1), 0) +
      pDot.reduce((s, v, i) => s + v * (sums.params[i]! - 1), 0);
    expect(out[0]! * w[0]! + out[1]! * w[1]!).toBeCloseTo(pulled, 13);
    const jacobian = field.jacobian(0.3, y);
    field.jvp(0.3, y, undefined, { y: yDot }, out);
    expect(jacobian[0]! * yDot[0]! + jacobian[1]! * yDot[1]!).toBeCloseTo(out[0]!, 14);
    expect(jacobian[2]! * yDot[0]! + jacobian[3]! * yDot[1]!).toBeCloseTo(out[1]!, 14);
    expect(divergence(field)(0.3, y)).toBeCloseTo(jacobian[0]! + jacobian[3]!, 14);
  });

  const cotangent = numbers(3 * 4, 8);
  const loss = (ys: ArrayLike<number>): number => cotangent.reduce((sum, value, i) => sum + value * ys[i]!, 0);
  it.each([
    ["backprop", backprop(), tsit5],
    ["symplectic", symplectic(), tsit5],
    ["checkpointed", checkpointed({ checkpoints: 3 }), tsit5],
    ["reverse", reverse(), reversible(tsit5, { coupling: 0.999 })],
  ])("%s is exact, of a batch", (_, adjoint, solver) => {
    const { field } = ude();
    const options = { y0: [1, 0.5, 0.2, 0.7], ts: [0, 0.5, 1], solver, rtol: 1e-4 };
    const solution = solve(field, { ...options, adjoint });
    const gradient = solution.pullback(cotangent);
    const dot = numbers(field.params.length, 12);
    const start = field.params.slice();
    const at = (s: number): number => {
      field.params.forEach((_value, i) => (field.params[i] = start[i]! + s * dot[i]!));
      return loss(solve(field, { ...options, grid: solution.grid }).ys);
    };
    const central = (h: number): number => (at(h) - at(-h)) / (2 * h);
    const slope = (4 * central(1e-4) - central(2e-4)) / 3;
    field.params.set(start);
    expect(dot.reduce((sum, value, i) => sum + value * gradient.params[i]!, 0)).toBeCloseTo(slope, 9);
    const pushed = jvp(solve(field, { ...options, grid: solution.grid, adjoint }), { params: dot });
    expect(loss(pushed)).toBeCloseTo(slope, 8);
  });

  it("are those of a network by itself", () => {
    const net = fresh([2, 8, 2], 3);
    const alone = fresh([2, 8, 2], 3);
    const field = compiled((_t, y) => net(y), { uses: () => ({ net }), dim: 2 });
    const options = { y0: numbers(12, 2), ts: [0, 1], stepSize: 0.25, adjoint: symplectic() };
    const [one, two] = [solve(field, options), solve(alone, options)];
    expect(one.ys).toEqual(two.ys);
    const bar = numbers(24, 5);
    const [a, b] = [one.pullback(bar), two.pullback(bar)];
    expect(distance(a.params, b.params)).toBeLessThan(1e-14);
    expect(distance(a.y0, b.y0)).toBeLessThan(1e-14);
  });
});

describe("parameters", () => {
  it("follow the equation's, and net.params is that part from then on", () => {
    const { net, field } = ude();
    expect(field.params).toHaveLength(2 + net.params.length);
    expect(net.params.buffer).toBe(field.params.buffer);
    expect(net.params).toEqual(field.params.subarray(2));
    expect(net.params).toEqual(fresh([2, 6, 5, 2], 7).params);
    const before = net(0.1, 0.2);
    field.params.fill(0, 2);
    expect([...net(0.1, 0.2)]).toEqual([0, 0]);
    expect(before[0]).not.toBe(0);
    expect(field.names).toEqual(["alpha", "delta", "net"]);
    expect(field.named()).toEqual({ alpha: 1.3, delta: 1.8, net: new Float64Array(net.params.length) });
    const given = { alpha: 1, delta: 2, net: fresh([2, 6, 5, 2], 9).params };
    const [u] = fresh([2, 6, 5, 2], 9)(0.1, 0.2);
    expect(field.evaluate(0, [0.1, 0.2], undefined, given as never)[0]).toBeCloseTo(0.1 + u!, 14);
  });

  it("stand beside parameters without names", () => {
    const net = fresh([1, 2, 1], 1);
    const field = compiled((_t, [y], _dy, [k]) => [k! * net(y!)[0]!], {
      params: [3],
      uses: () => ({ net }),
    });
    expect(field.names).toEqual(["params", "net"]);
    expect(field.named()).toEqual({ params: Float64Array.of(3), net: net.params });
    expect(field.evaluate(0, [0.4])[0]).toBeCloseTo(3 * net(0.4)[0]!, 15);
  });
});

describe("refusals", () => {
  it("a network in two fields, of float32, with the wrong number of arguments, a threaded one", async () => {
    const net = fresh([2, 3, 2], 1);
    const f = (_t: number, y: Float64Array): Float64Array => net(y);
    compiled(f, { uses: () => ({ net }), dim: 2 });
    const twice = failureOf(() => compiled(f, { uses: () => ({ net }), dim: 2 }));
    expect(twice.message).toMatch(/uses, net is .*a network that no other compiled field uses/);
    const single = mlp({ layers: [1, 1] });
    const narrow = failureOf(() => compiled((_t, y) => single(y), { uses: () => ({ single }) }));
    expect(narrow.message).toMatch(/dtype of single is "float32"; allowed: "float64"/);
    const wide = fresh([2, 3, 1], 1);
    const wrong = failureOf(() => compiled((_t, [y]) => [wide(y!)[0]!], { uses: () => ({ wide }), dim: 1 }));
    expect(wrong.message).toMatch(/wide is called with 1 numbers.*the 2 numbers of a row/s);
    // It was not taken by the field that could not be made.
    compiled((_t, [y]) => [wide(y!, 1)[0]!], { uses: () => ({ wide }), dim: 1 });
    const other = fresh([1, 1], 1);
    const asSingle = failureOf(() => compiled((_t, y) => other(y), { uses: () => ({ other }), dtype: "float32" }));
    expect(asSingle.message).toMatch(/dtype is "float32"; allowed: "float64"/);
    const clash = failureOf(() => compiled((_t, y) => other(y), { params: { other: 1 }, uses: () => ({ other }) }));
    expect(clash.message).toMatch(/networks with names that no parameter has/);
    const inner = vectorField({ f: (_t, y) => y });
    const field = failureOf(() =>
      compiled((_t, y) => (inner as never as typeof net)(y), { uses: () => ({ inner }), dim: 1 }),
    );
    expect(field.message).toMatch(/inner is a field that equations cannot call/);
    const pool = await threads({ workers: 1 });
    try {
      const shared = threaded(fresh([1, 1], 1), pool);
      expect(failureOf(() => compiled((_t, y) => shared(y), { uses: () => ({ shared }), dim: 1 })).code).toBe(
        "invalid",
      );
    } finally {
      pool.dispose();
    }
  });

  it("second derivatives of a network inside an equation", () => {
    const { field } = ude();
    expect(field.hasSecond).toBe(false);
    const energy = fresh([2, 4, 1], 2);
    const flow = hamiltonian(([q], [p]) => 0.5 * p! * p! + energy(q!, p!)[0]!, { uses: () => ({ energy }) });
    const [dq, dp] = flow.evaluate(0, [0.3, 0.2]);
    const h = 1e-5;
    const at = (q: number, p: number): number => 0.5 * p * p + energy(q, p)[0]!;
    expect(dq).toBeCloseTo((at(0.3, 0.2 + h) - at(0.3, 0.2 - h)) / (2 * h), 9);
    expect(dp).toBeCloseTo((at(0.3 - h, 0.2) - at(0.3 + h, 0.2)) / (2 * h), 9);
    const failure = failureOf(() => solve(flow, { y0: [1, 0], ts: [0, 1], adjoint: backprop() }));
    expect(failure.message).toMatch(/adjoint is "backprop"; allowed: undefined for a field without vjp/);
  });

  it("the text of a field that calls networks", () => {
    expect(failureOf(() => ude().field.text("js")).message).toMatch(/a field that calls no networks/);
  });
});
