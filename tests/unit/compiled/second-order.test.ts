// The exact Jacobian and the second-order pass of compiled fields: against products with vectors and against differences.
import { describe, expect, it } from "vitest";
import { compiled } from "../../../ts/compiled/index.ts";
import { evaluated } from "../../fuzz/evaluation.ts";
import { wrongJacobian, wrongSecond } from "../../fuzz/second-order.ts";
import { corpus } from "./corpus.ts";
import type { Entry } from "./corpus-entry.ts";

const fieldOf = ({ f, dim, params, uses }: Entry) =>
  compiled(f as never, { dim, ...(params && { params }), ...(uses && { uses }) } as never);

const pointOf = ({ dim, y = new Array<number>(dim).fill(1) }: Entry, k: number) => ({
  t: 0.2 * k + 0.1,
  y: y.map((x, i) => x * (1 + 0.3 * Math.sin(5 * k + 2 * i + 0.7))),
});

describe.each(Object.keys(corpus))("%s", (name) => {
  const entry = corpus[name]!;
  const points = [0, 1, 2].map((k) => pointOf(entry, k));

  it("has a Jacobian whose products are the JVPs, to 1e-14", () => {
    const field = evaluated(fieldOf(entry), entry.dim);
    for (const point of points) expect(wrongJacobian(field, point)).toBeUndefined();
    field.release();
  });

  it("has second derivatives that are differences of its VJPs, to 1e-8", () => {
    const field = fieldOf(entry);
    let compared = 0;
    for (const point of points) {
      const found = wrongSecond(field, point);
      expect(found.wrong).toBeUndefined();
      compared += found.compared;
    }
    expect(compared).toBeGreaterThan(0);
  });
});
