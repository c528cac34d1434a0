// The example of a universal differential equation, at reduced size: it learns, and what is trained is the network that went in.
import { expect, it } from "vitest";
import { relativeError, train } from "../../examples/ude/training.ts";
import { mlp } from "../../ts/index.ts";

it("learns the missing terms", () => {
  const { net, field, loss } = train({ iterations: 300 });
  // Of 300 steps; the example itself takes 2000 and is then off by 2 to 3 %.
  expect(loss).toBeLessThan(1e-3);
  expect(relativeError(net)).toBeLessThan(0.12);
  expect(net.params.buffer).toBe(field.params.buffer);
  const start = mlp({ layers: [2, 16, 16, 2], activation: "softplus", dtype: "float64", seed: 0 });
  expect(net.params).not.toEqual(start.params);
  expect(relativeError(start)).toBeGreaterThan(0.9);
});
