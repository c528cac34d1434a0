// What compiling costs a page that has just been opened: a fresh process a sample, from after the import to the first
// gradient's end, against a first solve of the same function uncompiled.
import { spawnSync } from "node:child_process";

export interface Cold {
  readonly problem: string;
  /** Shortest of some fresh processes, in milliseconds. */
  readonly firstSolve: number;
  readonly compile: number;
}

const LORENZ = `
const f = (t, [x, y, z], dy, [sigma, rho, beta]) => { dy[0] = sigma * (y - x); dy[1] = x * (rho - z) - y; dy[2] = x * y - beta * z; };
const options = { params: [10, 28, 8 / 3] };
const y0 = [1, 1, 1];`;

const CHEMISTRY = `
let state = 5;
const random = () => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
const species = () => Math.floor(random() * 50);
const reactions = Array.from({ length: 120 }, () => ({ a: species(), b: species(), c: species(), d: species(), k: random() }));
const f = (t, y, dy, [p]) => {
  dy.fill(0);
  for (const { a, b, c, d, k } of reactions) {
    const flux = p * k * y[a] * y[b];
    dy[a] -= flux; dy[b] -= flux; dy[c] += flux; dy[d] += flux;
  }
};
const options = { params: [1], uses: () => ({ reactions }) };
const y0 = Array.from({ length: 50 }, () => 0.1 + random());`;

const bareOf = (problem: string): string => `
import { solve } from "odegrad";
${problem}
const start = performance.now();
solve(f, { y0, ts: [0, 1e-3], params: options.params });
console.log(performance.now() - start);`;

/** The field, its VJP and the check, without the solve around them. */
const compiledOf = (problem: string): string => `
import { solve, symplectic } from "odegrad";
import { compiled } from "odegrad/compiled";
${problem}
solve((t, y, dy) => { dy[0] = -y[0]; }, { y0: [1], ts: [0, 1e-3] });
const start = performance.now();
const field = compiled(f, { ...options, dim: y0.length });
const solution = solve(field, { y0, ts: [0, 1e-3], stepSize: 1e-3, adjoint: symplectic() });
solution.pullback(solution.ys);
console.log(performance.now() - start);`;

function shortest(source: string, processes: number): number {
  const times = Array.from({ length: processes }, () => {
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", source], { encoding: "utf8" });
    const time = Number(stdout);
    if (!(time > 0)) throw new Error(stderr);
    return time;
  });
  return Math.min(...times);
}

export function coldStarts(processes: number): Cold[] {
  return Object.entries({ "Lorenz, 3": LORENZ, "50 species, 120 reactions": CHEMISTRY }).map(([problem, text]) => ({
    problem,
    firstSolve: shortest(bareOf(text), processes),
    compile: shortest(compiledOf(text), processes),
  }));
}
