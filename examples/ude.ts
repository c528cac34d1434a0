// npm start ude: a universal differential equation. Two species are observed; how each lives alone is known, and a network inside
// the equations finds out what they do to each other. `-- --quick` trains for a shorter time, `-- --json` prints one object.
import { parseArgs } from "node:util";
import { orbits, relativeError, train } from "./ude/training.ts";

const options = { quick: { type: "boolean" }, json: { type: "boolean" }, seed: { type: "string" } } as const;

try {
  const { values } = parseArgs({ options, allowPositionals: false });
  const seed = Number(values.seed ?? 0);
  if (!Number.isSafeInteger(seed)) throw new TypeError(`--seed is ${values.seed}; allowed: an integer`);
  const start = performance.now();
  const { net, field, loss } = train({ seed, ...(values.quick && { iterations: 200 }) });
  const seconds = (performance.now() - start) / 1000;
  const result = { relativeError: relativeError(net), loss };
  if (values.json) console.log(JSON.stringify(result));
  else {
    console.log(`${orbits.length} orbits, ${field.params.length} parameters, ${seconds.toFixed(1)} s`);
    console.log(
      `the missing terms: off by ${(100 * result.relativeError).toFixed(1)} %, loss ${loss.toExponential(2)}`,
    );
    const [prey, predators] = net(2, 1.5);
    console.log(`at (2, 1.5): ${prey.toFixed(3)}, ${predators.toFixed(3)} (−β x y = −2.700, γ x y = 2.400)`);
  }
} catch (error) {
  console.error(`${(error as Error).message}\nFlags: --quick, --seed N, --json`);
  process.exitCode = 2;
}
