// Compiled fields shared by threads: solutions and ∂L/∂y0 are those of one thread bit for bit, and all gradients are the same
// biome-ignore-all lint/suspicious/noAssignInExpressions: equations as people write them
// bits whoever computed which rows.
import { compiled, hamiltonian, withDivergence } from "odegrad/compiled";
import { describe, expect, it } from "vitest";
import { RECOMPUTE } from "../../ts/fields/field.ts";
import { checkDerivatives, jvp, rk4, rodas5P, type SolveOptions, solve, symplectic, tsit5 } from "../../ts/index.ts";
import { Caller, controlWords } from "../../ts/threads/control.ts";
import { Hand } from "../../ts/threads/hand.ts";
import { threaded, threads } from "../../ts/threads/index.ts";
import { Threads } from "../../ts/threads/pool.ts";
import { SharedMemory } from "../../ts/threads/shared-memory.ts";
import { Scratch } from "../../ts/wasm/scratch.ts";
import { failureOf } from "./errors.ts";
import { numbers } from "./networks.ts";
import { none, one, startPools, three } from "./threads-pools.ts";

startPools();

/** With functions that WebAssembly has not, a remainder, conditions and time. */
const field = (dtype: "float64" | "float32" = "float64") =>
  compiled(
    (t, [x, y, z], dy, { a, b }) => {
      dy[0] = a * (y! - x!) + Math.sin(t * z!);
      dy[1] = x! > 0 ? Math.exp(-x! * x!) - y! : Math.cbrt(y!) - b[0]! * x!;
      dy[2] = (z! % 0.7) + b[1]! * Math.tanh(x! * y!);
    },
    { params: { a: 2, b: [0.3, -0.6] }, dim: 3, dtype },
  );

type Any = ReturnType<typeof field>;

function gradientOf(own: Any, options: SolveOptions) {
  const solution = solve(own, options);
  const { y0, params, ts } = solution.pullback(numbers(solution.ys.length, 11), { times: true });
  return { ys: solution.ys, y0, params, ts: ts! };
}

describe("threads compute what one thread does", () => {
  const batches = [53, 97, 149, 389];
  const options = (batch: number, dim: number): SolveOptions => ({
    y0: numbers(batch * dim, 7),
    ts: [0, 0.3, 0.5],
    solver: rk4,
    stepSize: 0.1,
    adjoint: symplectic(),
  });

  it.each<[string, () => unknown]>([
    ["float64", () => field()],
    ["float32", () => field("float32")],
    [
      "of a Hamiltonian",
      () => hamiltonian(([q], [p], [k]) => p! ** 2 / 2 - k! * Math.cos(q!), { params: [2], dim: 2 }),
    ],
    ["with its divergence", () => withDivergence(field())],
  ])("%s", (_name, make) => {
    const own = make() as Any;
    for (const batch of batches) {
      const given = options(batch, own.dim!);
      const alone = gradientOf(own, given);
      const shared = [none, one, three].map((pool) => gradientOf(threaded(own, pool), given));
      for (const found of shared) {
        expect(found.ys).toEqual(alone.ys);
        expect(found.y0).toEqual(alone.y0);
        expect(found.params).toEqual(shared[0]!.params);
        expect(found.ts).toEqual(shared[0]!.ts);
        const near = own.dtype === "float64" ? 1e-13 : 1e-5;
        const size = Math.max(...alone.params.map(Math.abs));
        found.params.forEach((value, i) => expect(Math.abs(value - alone.params[i]!)).toBeLessThan(near * size));
      }
    }
  });

  it("many fields, one after the other, and one again", () => {
    const all = Array.from({ length: 40 }, (_, k) =>
      compiled((_t, [x], dy) => void dy.set([-k * x!]), { dim: 1, uses: () => ({ k }) }),
    );
    for (const own of [...all, all[0]!]) {
      const given = { y0: numbers(60, 3), ts: [0, 0.1], stepSize: 0.05, solver: rk4 };
      expect(solve(threaded(own, three), given).ys).toEqual(solve(own, given).ys);
    }
  });

  it("loops and tables of the field's own, each thread its", () => {
    const table = Array.from({ length: 40 }, (_, i) => Math.cos(i));
    const ring = compiled(
      (_t, y, dy) => {
        const n = y.length;
        for (let i = 0; i < n; i++) dy[i] = table[i]! * (y[(i + 1) % n]! - 2 * y[i]! + y[(i + n - 1) % n]!);
      },
      { dim: 40, uses: () => ({ table }) },
    );
    const given = options(97, 40);
    const alone = gradientOf(ring as never, given);
    const shared = gradientOf(threaded(ring, three) as never, given);
    expect(shared.ys).toEqual(alone.ys);
    expect(shared.y0).toEqual(alone.y0);
  });
});

describe("a worker computes what the calling thread does", () => {
  /** A pool whose one worker has all chunks but the first of a call, and computes them in this thread. */
  class Played extends Threads {
    static of(): Played {
      const memory = new SharedMemory(1);
      const control = new Int32Array(new SharedArrayBuffer(4 * controlWords(1)));
      const pool = new Played(memory, new Caller(control), [{ ended: false, terminate() {} }], 0);
      const { module, memory: shared } = memory;
      pool.hand = new Hand({ module, memory: shared, control, worker: 0, scratch: memory.scratchOf(0) });
      return pool;
    }
    private hand!: Hand;
    override run(...[call, work, pace, chunks, compute]: Parameters<Threads["run"]>): void {
      super.run(call, work, pace, chunks, (chunk) => {
        if (chunk === 0) this.hand.work();
        compute(chunk);
      });
    }
  }

  it.each(["float64", "float32"] as const)("in %s, also code that it has forgotten", (dtype) => {
    const pool = Played.of();
    const first = field(dtype);
    const others = Array.from({ length: 33 }, (_, k) =>
      compiled((_t, [x], dy) => void dy.set([-k * x!]), { dim: 1, dtype, uses: () => ({ k }) }),
    );
    for (const own of [first, ...others, first] as Any[]) {
      const length = 97 * own.dim!;
      const request = { length, params: own.params.slice(), slots: 0, gradient: true };
      const found = [own, threaded(own, pool)].map((each) => {
        const scratch = new Scratch();
        const vector = () => scratch.vector(length, dtype);
        const [x, dx, w, bar] = [vector(), vector(), vector(), vector()];
        const bound = each.bind(scratch, request);
        scratch.lease();
        bound.load();
        x.view.set(numbers(length, 5));
        w.view.set(numbers(length, 6));
        bound.paramsBar!.view.fill(0);
        const before = pool.counts.byWorkers;
        bound.evaluate(0.3, x, dx, RECOMPUTE);
        const rate = bound.vjp(0.3, x, w, bar, RECOMPUTE) as number;
        bound.flush?.();
        const result = [Array.from(dx.view), Array.from(bar.view), Array.from(bound.paramsBar!.view), [rate]];
        const byWorkers = pool.counts.byWorkers - before;
        scratch.release();
        return { result, byWorkers };
      });
      const [alone, shared] = found;
      expect(shared!.byWorkers).toBeGreaterThan(0);
      expect(shared!.result.slice(0, 2)).toEqual(alone!.result.slice(0, 2));
      const near = dtype === "float64" ? 12 : 3;
      for (const k of [2, 3]) shared!.result[k]!.forEach((v, i) => expect(v).toBeCloseTo(alone!.result[k]![i]!, near));
    }
  });
});

describe("a shared compiled field", () => {
  it("has all that the field has, and its parameters", () => {
    const own = field();
    const shared = threaded(own, three);
    expect(shared.params).toBe(own.params);
    expect(shared.names).toEqual(own.names);
    expect(shared.named()).toEqual(own.named());
    expect(shared.evaluate(0, [1, 2, 3])).toEqual(own.evaluate(0, [1, 2, 3]));
    expect(shared.jacobian(0, [1, 2, 3])).toEqual(own.jacobian(0, [1, 2, 3]));
    const point = { t: 0.3, y: numbers(3 * 60, 5) };
    expect(checkDerivatives(shared, point)).toMatchObject({ vjp: expect.any(Number), jacobian: expect.any(Number) });
    const given = { y0: numbers(60 * 3, 7), ts: [0, 0.2], solver: tsit5 };
    expect(jvp(solve(shared, given), { y0: numbers(180, 2) })).toEqual(jvp(solve(own, given), { y0: numbers(180, 2) }));
  });

  it("is a field for implicit solvers, and has their gradients", () => {
    const given = { y0: numbers(60 * 3, 7), ts: [0, 0.2], solver: rodas5P, adjoint: symplectic() };
    const smooth = compiled((_t, [x, y, z], dy, [a]) => void dy.set([a! * (y! - x!), x! * z! - y!, -(z! ** 3)]), {
      params: [30],
      dim: 3,
    });
    const [alone, shared] = [smooth, threaded(smooth, three)].map((own) => {
      const solution = solve(own, given);
      return { ys: solution.ys, y0: solution.pullback(solution.ys).y0, differences: solution.stats.differences };
    });
    expect(shared).toEqual(alone);
    expect(shared!.differences).toBe(0);
  });

  it("is compared with its function, too", () => {
    const table = [1];
    const own = compiled((_t, [x], dy) => void (dy[0] = table[0]! * x!), { dim: 1, uses: () => ({ table }) });
    table[0] = 2;
    const failure = failureOf(() => solve(threaded(own, three), { y0: numbers(60, 3), ts: [0, 1] }));
    expect(failure.message).toContain("which f itself gives");
  });

  it("needs a dim, for there are rows to share", () => {
    const failure = failureOf(() =>
      threaded(
        compiled((_t, y, dy) => void dy.set(y)),
        one,
      ),
    );
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("dim");
    expect(() => threaded(threaded(field(), one), one)).toThrow("a field made with");
  });

  it("works on when its pool has been disposed of", async () => {
    const pool = await threads({ workers: 1, threshold: 0 });
    const own = field();
    const shared = threaded(own, pool);
    pool.dispose();
    const given = { y0: numbers(180, 7), ts: [0, 0.2], solver: tsit5 };
    expect(solve(shared, given).ys).toEqual(solve(own, given).ys);
  });
});
