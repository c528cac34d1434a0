// What every runtime must do with odegrad/threads: start workers, have them compute, come to the same bits as one thread,
// and let the process end although a pool was left open.
import type { Check } from "./scenario.ts";

type Odegrad = typeof import("odegrad");
type OdegradThreads = typeof import("odegrad/threads");

const identical = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (value, i) => Object.is(value, b[i]));

/** How long a worker may take to get a core. */
const PATIENCE_MS = 60_000;

/** The checks, or the reason why this page cannot have threads. */
export async function threadsScenario(odegrad: Odegrad, module: OdegradThreads): Promise<Check[] | string> {
  const { mlp, solve, rk4, symplectic } = odegrad;
  const { threads, threaded } = module;
  if ((globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated === false)
    return "threads: this browser does not isolate the page";
  const checks: Check[] = [];
  const check = async (name: string, work: () => Promise<string>): Promise<void> => {
    try {
      checks.push({ name, ok: true, detail: await work() });
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
      checks.push({ name, ok: false, detail });
    }
  };
  const field = mlp({ layers: [2, 32, 32, 2], seed: 1 });
  const y0 = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i));
  const options = { y0, ts: [0, 0.5, 1], solver: rk4, stepSize: 0.05, adjoint: symplectic() };
  const gradient = (network: typeof field) => {
    const solution = solve(network, options);
    const { y0, params } = solution.pullback(solution.ys);
    return { ys: solution.ys, y0, params };
  };

  await check("shares a network among threads", async () => {
    const one = gradient(field);
    const pool = await threads({ workers: 1, threshold: 0 });
    const none = await threads({ workers: 0, threshold: 0 });
    const sums = gradient(threaded(field, none)).params;
    const network = threaded(field, pool);
    for (const end = performance.now() + PATIENCE_MS; pool.counts.byWorkers === 0; ) {
      if (performance.now() > end) throw new Error(`no worker took part: ${JSON.stringify(pool.counts)}`);
      const two = gradient(network);
      if (!identical(one.ys, two.ys)) throw new Error("the solutions differ");
      if (!identical(one.y0, two.y0)) throw new Error("∂L/∂y0 differs");
      if (!identical(sums, two.params)) throw new Error("∂L/∂θ differs");
      // A page's workers need its main thread now and then.
      await new Promise((resolve) => setTimeout(resolve));
    }
    const { chunks, byWorkers } = pool.counts;
    pool.dispose();
    if (pool.workers !== 0 || !identical(gradient(network).params, sums)) throw new Error("not disposed of");
    return `${byWorkers} of ${chunks} chunks of rows computed by a worker`;
  });

  await check("starts as many threads as there are cores, and does not wait for them to end", async () => {
    const pool = await threads();
    if (!identical(gradient(threaded(field, pool)).ys, gradient(field).ys)) throw new Error("the solutions differ");
    // Left open on purpose.
    return `${pool.workers} beside the first`;
  });
  return checks;
}

/** A page that is not isolated is told what it needs. */
export async function refusalScenario({ SolveError }: Odegrad, { threads }: OdegradThreads): Promise<Check[]> {
  const name = "refuses threads to a page that is not cross-origin isolated";
  try {
    await threads();
    return [{ name, ok: false, detail: "threads() made a pool" }];
  } catch (error) {
    const message = String(error);
    const ok =
      error instanceof SolveError && error.code === "invalid" && message.includes("Cross-Origin-Embedder-Policy");
    return [{ name, ok, detail: message }];
  }
}
