// A user's program: something of every entry but the GPU's, printed as one line.
import { mlp, solve, symplectic } from "odegrad";
import { compiled } from "odegrad/compiled";
import { plot } from "odegrad/plot";
import { threaded, threads } from "odegrad/threads";
import { adam } from "odegrad/train";

// y' = −k y from 1: exp(−k t), and its derivative by k is −t exp(−k t).
const decay = compiled(
  (_t, y, dy, { k }) => {
    dy[0] = -k * y[0];
  },
  { params: { k: 1 } },
);
const solution = solve(decay, { y0: [1], ts: [0, 1], rtol: 1e-9, atol: 1e-12, adjoint: symplectic() });
const { params } = solution.pullback([0, 1]);
const pool = await threads({ workers: 1 });
const network = mlp({ layers: [2, 8, 2], seed: 1 });
const { ys } = solve(threaded(network, pool), { y0: [1, 0], ts: [0, 1] });
pool.dispose();
adam({ learningRate: 0.5 }).step(decay.params, params);

const numbers = [solution.ys[1], params[0], decay.params[0]].map((value) => value.toFixed(6));
console.log(`${numbers.join(" ")} ${ys.length} ${String(plot(solution)).slice(0, 4)}`);
