// odegrad's kernels as odegrad itself compiles them, in however many binaries and wherever it keeps them: what it compiles is
// noted while it does a little of everything. So the kernels of any two builds can be timed beside each other.
import { backprop, mlp, rk4, solve } from "odegrad";
import { adam } from "odegrad/train";
import { Build } from "./builds.ts";
import { DTYPES } from "./inputs.ts";

/** One training step in each precision. */
function train(): void {
  for (const dtype of DTYPES) {
    const field = mlp({ layers: [2, 4, 2], dtype, seed: 0 });
    const solution = solve(field, { y0: [1, 1], ts: [0, 1], solver: rk4, stepSize: 0.5, adjoint: backprop() });
    adam().step(field.params, solution.pullback([0, 0, 1, 1]).params);
  }
}

export function recordedBuild(): Build {
  const { Module } = WebAssembly;
  const modules: WebAssembly.Module[] = [];
  WebAssembly.Module = class extends Module {
    constructor(bytes: BufferSource) {
      super(bytes);
      modules.push(this);
    }
  };
  try {
    train();
  } finally {
    WebAssembly.Module = Module;
  }
  if (modules.length === 0) throw new Error("odegrad compiled no kernels while it was watched");
  // Their constants lie before the first block of a memory.
  return new Build("wasm", (memory) => {
    const parts = modules.map((module) => new WebAssembly.Instance(module, { env: { memory } }).exports);
    return Object.assign({}, ...parts) as Build["kernels"];
  });
}
