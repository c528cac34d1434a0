// Loops whose rounds hand something on that is no number, and views of one array: as f itself computes, at states where a
// comparison at few points would see no difference.
import { describe, expect, it } from "vitest";
import { type CompiledField, compiled } from "../../../ts/compiled/index.ts";

type Equation = (t: number, y: ArrayLike<number>, dy: Float64Array) => void;

const carried: Record<string, Equation> = {
  "a flag that a round sets": (_t, y, dy) => {
    let hot = false;
    for (let i = 0; i < 16; i++) if (y[i]! > 5) hot = true;
    for (let i = 0; i < 16; i++) dy[i] = hot ? 0.1 : y[i]!;
  },
  "a flag by ||": (_t, y, dy) => {
    let hot = false;
    for (let i = 0; i < 16; i++) hot = hot || y[i]! > 5;
    for (let i = 0; i < 16; i++) dy[i] = hot ? 0.1 : y[i]!;
  },
  "a flag of the first round": (_t, y, dy) => {
    let first = true;
    for (let i = 0; i < 16; i++) {
      dy[i] = first ? y[0]! : 2 * y[i]!;
      first = false;
    }
  },
  "nothing at first": (_t, y, dy) => {
    let sum: number | undefined;
    for (let i = 0; i < 16; i++) {
      sum = (sum ?? 0) + y[0]!;
      dy[i] = 0;
    }
    dy[0] = 1 - sum!;
  },
  "a number that becomes null": (_t, y, dy) => {
    let before: number | null = 1;
    for (let i = 0; i < 16; i++) {
      dy[i] = before === null ? y[i]! : 3;
      before = null;
    }
  },
  "a text": (_t, y, dy) => {
    let mode = "start";
    for (let i = 0; i < 16; i++) {
      dy[i] = mode === "start" ? y[i]! : -y[i]!;
      mode = "go";
    }
  },
  "a field of an object": (_t, y, dy) => {
    const state: { seen?: boolean } = {};
    for (let i = 0; i < 16; i++) {
      dy[i] = state.seen ? y[i]! : 1;
      state.seen = true;
    }
  },
  "a view that is one element on": (_t, y, dy) => {
    const all = new Float64Array(17);
    const next = all.subarray(1);
    for (let i = 0; i < 16; i++) next[i] = all[i]! + y[0]!;
    for (let i = 0; i < 16; i++) dy[i] = 1 - all[16]!;
  },
  "a view of the same elements": (_t, y, dy) => {
    const half = dy.subarray(0, 16);
    for (let i = 0; i < 16; i++) {
      half[i] = y[i]!;
      dy[i] = dy[i]! + y[i]! ** 2;
    }
  },
};

describe("loops that hand on", () => {
  for (const [name, f] of Object.entries(carried))
    it(name, () => {
      const field = compiled(f as never, { dim: 16 }) as CompiledField;
      for (const states of [
        [0],
        [0.5],
        [9],
        [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        [...new Array(15).fill(0), 9],
      ]) {
        const y = Array.from({ length: 16 }, (_, i) => states[i % states.length]!);
        const expected = new Float64Array(16);
        f(0, y, expected);
        expect(Array.from(field.evaluate(0, y))).toEqual(Array.from(expected));
      }
    });

  it("a variable without a value before, which rounds write first, keeps the loop", () => {
    const field = compiled(
      ((_t, y, dy) => {
        let d: number;
        for (let i = 0; i < 100; i++) {
          d = y[i]! - 1;
          dy[i] = d * d;
        }
      }) as Equation as never,
      { dim: 100 },
    ) as CompiledField;
    expect(field.text("js")).toContain("for(");
    expect(field.text("js").length).toBeLessThan(300);
    expect(Array.from(field.evaluate(0, new Array(100).fill(3)))).toEqual(new Array(100).fill(4));
  });
});
