// checkDerivatives(): right derivatives pass, each kind of mistake is named.
import { checkDerivatives, type Field, mlp, type VjpFunction, vectorField } from "odegrad";
import { compiled } from "odegrad/compiled";
import { describe, expect, it } from "vitest";
import type { HostVector } from "../../ts/wasm/scratch.ts";
import { failureOf, rejectionOf } from "./errors.ts";
import { networkField, numbers, parameterCount } from "./networks.ts";

const right: VjpFunction = (t, y, p, v, out) => {
  out.y[0]! += v[0]! * -p[0]! * 2 * y[0]! + v[1]! * Math.cos(t);
  out.y[1]! += v[0]! * p[1]!;
  out.params[0]! -= v[0]! * y[0]! ** 2;
  out.params[1]! += v[0]! * y[1]!;
  out.t[0]! -= v[1]! * Math.sin(t) * y[0]!;
};

/** f = (−p₀ y₀² + p₁ y₁, y₀ cos t) */
const field = (vjp: VjpFunction, later = false) =>
  vectorField({
    f: (t, y, dy, p) => {
      dy[0] = -p[0]! * y[0]! ** 2 + p[1]! * y[1]!;
      dy[1] = y[0]! * Math.cos(t);
      return later ? Promise.resolve() : undefined;
    },
    vjp: (...given) => (later ? Promise.resolve().then(() => right(...given)) : vjp(...given)),
    jvp: (t, y, p, dot, dy) => {
      dy[0] = -2 * p[0]! * y[0]! * dot.y[0]! + p[1]! * dot.y[1]! - y[0]! ** 2 * dot.params[0]! + y[1]! * dot.params[1]!;
      dy[1] = Math.cos(t) * dot.y[0]!;
    },
    params: [0.7, -1.3],
  });
const point = { t: 0.4, y: [1.2, -0.3] };

describe("right derivatives pass", () => {
  it("of a function", () => {
    const found = checkDerivatives(field(right), point) as { vjp: number; jvp: number };
    expect(found.vjp).toBeLessThan(1e-9);
    expect(found.jvp).toBeLessThan(1e-9);
  });

  it("of an asynchronous function, as a promise", async () => {
    expect((await checkDerivatives(field(right, true), point)).vjp).toBeLessThan(1e-9);
  });

  it("in small units and at zero", () => {
    checkDerivatives(field(right), { t: 0, y: [0, 0] });
    checkDerivatives(field(right), { t: 0, y: [1e-7, 3e-8], params: [1e5, 2e-6] });
  });

  it.each(["float64", "float32"] as const)("of networks, %s", (dtype) => {
    const net = mlp({ layers: [2, 8, 2], time: true, dtype, seed: 1 });
    const { vjp, jvp } = checkDerivatives(net, { t: 0.3, y: [0.5, -0.2, 0.1, 0.7] }) as { vjp: number; jvp: number };
    expect(vjp).toBeLessThan(dtype === "float64" ? 1e-8 : 1e-2);
    expect(jvp).toBeLessThan(dtype === "float64" ? 1e-8 : 1e-2);
  });

  it("of a network written in JavaScript", () => {
    checkDerivatives(networkField(3, numbers(parameterCount(3), 7)), { t: 1, y: [0.4, -0.7, 0.2] });
  });
});

/** With a Jacobian whose entry `at` is off. */
const compiledField = (dim: number, at = -1): Field => {
  const own = compiled((t, [x, z], dy, [k]) => void dy.set([k! * x! * z! + Math.sin(t * z!), x! / (1 + z! * z!)]), {
    dim,
    params: [0.7],
  });
  const bind: Field["bind"] = (scratch, request) => {
    const bound = own.bind(scratch, request);
    const jacobian = bound.jacobian!.bind(bound);
    return Object.assign(bound, {
      jacobian(t: number, x: HostVector, values: HostVector, dfdt?: HostVector) {
        jacobian(t, x, values, dfdt);
        if (at >= 0) values.view[at]! += 1e-4;
      },
    });
  };
  return Object.defineProperty(Object.create(own), "bind", { value: bind }) as Field;
};

describe("the Jacobian of a compiled field", () => {
  it("passes, of one row and of several", () => {
    for (const y of [
      [0.3, -0.8],
      [0.3, -0.8, 1.5, 0.2, -0.4, 0.9],
    ]) {
      const { vjp, jvp, jacobian } = checkDerivatives(compiledField(2), { t: 0.6, y }) as Record<string, number>;
      for (const found of [vjp, jvp, jacobian]) expect(found).toBeLessThan(1e-9);
    }
  });

  it("is named where an entry is wrong", () => {
    expect(failureOf(() => checkDerivatives(compiledField(2, 2), { t: 0.6, y: [0.3, -0.8] })).message).toContain(
      "jacobian, ∂f[1]/∂y[0]",
    );
    expect(
      failureOf(() => checkDerivatives(compiledField(2, 5), { t: 0.6, y: [0.3, -0.8, 1.5, 0.2] })).message,
    ).toContain("jacobian, ∂f[2]/∂y[3]");
  });
});

describe("mistakes are named", () => {
  const wrong: [string, VjpFunction, string][] = [
    [
      "a factor",
      (t, y, p, v, out) => {
        right(t, y, p, v, out);
        out.params[0]! -= v[0]! * y[0]! ** 2;
      },
      "params[0]",
    ],
    [
      "a sign",
      (t, y, p, v, out) => {
        right(t, y, p, v, out);
        out.y[1]! -= 2 * v[0]! * p[1]!;
      },
      "y[1]",
    ],
    [
      "a missing ∂f/∂t",
      (t, y, p, v, out) => {
        right(t, y, p, v, out);
        out.t[0] = 0;
      },
      "∂t",
    ],
    [
      "= instead of +=",
      (t, y, p, v, out) => {
        right(t, y, p, v, out);
        out.params[1] = v[0]! * y[1]!;
      },
      "params[1]",
    ],
  ];
  it.each(wrong)("%s", (_, vjp, entry) => {
    const failure = failureOf(() => checkDerivatives(field(vjp), point));
    expect(failure.code).toBe("invalid");
    expect(failure.message).toContain("vjp");
    expect(failure.message).toContain(entry);
  });

  it("f that is not finite nearby", () => {
    const root = vectorField({
      f: (_t, y, dy) => {
        dy[0] = Math.sqrt(y[0]!);
      },
      vjp: () => {},
    });
    expect(failureOf(() => checkDerivatives(root, { t: 0, y: [0] })).code).toBe("non-finite");
  });

  it("a field without derivatives, and bad points", () => {
    expect(failureOf(() => checkDerivatives(() => {}, point)).message).toContain("vjp");
    expect(failureOf(() => checkDerivatives(field(right), { t: 0, y: [Number.NaN, 1] })).message).toContain("y[0]");
    expect(failureOf(() => checkDerivatives(field(right), { ...point, params: [1] })).message).toContain("2 numbers");
  });

  it("in an asynchronous field, by a rejection", async () => {
    const late = vectorField({
      f: async (_t, y, dy) => {
        dy[0] = y[0]!;
      },
      vjp: async () => {},
    });
    const failure = await rejectionOf(Promise.resolve(checkDerivatives(late, { t: 0, y: [1] })));
    expect(failure.code).toBe("invalid");
  });
});
