// The comparison of benchmark runs and the reading of profiles: what is compared with what, and what is counted.
import { expect, test } from "vitest";
import { foldedStacks, selfTimes } from "../../bench/flame/profile.ts";
import { compare, entriesOf } from "../../bench/regression.ts";

const run = (first: number, second: number, extra: object[] = []) => ({
  date: "today",
  machine: { cpu: "one", minimum: 5 },
  verdicts: [{ claim: "fast", minimum: 7 }],
  results: [
    {
      kernel: "tanh",
      size: "64",
      error: 0.1,
      timings: [
        { name: "js", minimum: first, samples: [first, 9] },
        { name: "wasm", minimum: second },
      ],
    },
    ...extra,
  ],
});

test("times are found with what they are the times of", () => {
  expect(entriesOf(run(3, 4))).toEqual([
    { label: "tanh, 64, js, minimum", time: 3 },
    { label: "tanh, 64, wasm, minimum", time: 4 },
  ]);
});

test("sizes tell cases apart, equal labels count up", () => {
  const rows = [
    { size: { width: 16, batch: 2 }, method: "a", nanoseconds: 1 },
    { size: { width: 16, batch: 3 }, method: "a", nanoseconds: 2 },
    { size: { width: 16, batch: 3 }, method: "a", nanoseconds: 3 },
  ];
  expect(entriesOf({ rows }).map(({ label }) => label)).toEqual([
    "width 16, batch 2, a, nanoseconds",
    "width 16, batch 3, a, nanoseconds",
    "width 16, batch 3, a, nanoseconds #2",
  ]);
});

test("ratios are of equal labels, whatever their order; the rest is named", () => {
  const before = run(2, 4, [{ kernel: "gone", forward: 1 }]);
  const now = run(3, 2, [{ kernel: "new", forward: 1 }]);
  now.results.reverse();
  const { pairs, missing, added } = compare(before, now);
  expect(pairs).toEqual([
    { label: "tanh, 64, js, minimum", before: 2, now: 3, ratio: 1.5 },
    { label: "tanh, 64, wasm, minimum", before: 4, now: 2, ratio: 0.5 },
  ]);
  expect(missing).toEqual(["gone, forward"]);
  expect(added).toEqual(["new, forward"]);
});

test("a profile's samples by function, and its stacks", () => {
  const frame = (functionName: string, url: string) => ({ functionName, url, lineNumber: 4 });
  const nodes = [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 5] },
    { id: 2, callFrame: frame("solve", "file:///dist/solve.js"), hitCount: 2, children: [3, 4] },
    { id: 3, callFrame: frame("assembly/dense/multiply<f32>", "wasm://wasm/1"), hitCount: 5 },
    { id: 4, callFrame: frame("(garbage collector)", ""), hitCount: 1 },
    { id: 5, callFrame: frame("assembly/dense/multiply<f32>", "wasm://wasm/1"), hitCount: 2 },
  ];
  expect(selfTimes({ nodes })).toEqual([
    { name: "dense/multiply<f32>", kind: "kernel", samples: 7 },
    { name: "solve solve.js:5", kind: "TypeScript", samples: 2 },
    { name: "(garbage collector)", kind: "garbage collection", samples: 1 },
  ]);
  expect(foldedStacks({ nodes })).toBe(
    "(root);solve solve.js:5 2\n(root);solve solve.js:5;dense/multiply<f32> 5\n" +
      "(root);solve solve.js:5;(garbage collector) 1\n(root);dense/multiply<f32> 2\n",
  );
});
