// npm start gpu: trains a neural ODE on noisy spirals, its network on the GPU; `npm start gpu -- --page` in a page instead.
// For a network as small as this the CPU is faster: see npm run bench gpu.
import { parseArgs } from "node:util";
import { webgpu } from "odegrad/webgpu";
import { train } from "./gpu/training.ts";

const USAGE = `Trains a neural ODE on noisy spirals, its network on the GPU.

npm start gpu -- [flags]

  --steps N    training steps (60)
  --page       serve the page that trains in a browser
  --help       this text`;

function readSteps(): number | "help" {
  const options = { steps: { type: "string" }, help: { type: "boolean", short: "h" } } as const;
  const { values } = parseArgs({ options, allowPositionals: false });
  if (values.help) return "help";
  const steps = Number(values.steps ?? "60");
  if (Number.isInteger(steps) && steps >= 1 && steps <= 1_000_000) return steps;
  throw new TypeError(`--steps is ${JSON.stringify(values.steps)}; allowed: a whole number from 1 to 1000000`);
}

async function run(steps: number): Promise<void> {
  const gpu = await webgpu();
  await train(gpu, steps, console.log);
  gpu.dispose();
}

let steps: number | "help" | undefined;
try {
  steps = readSteps();
} catch (error) {
  console.error(`${(error as Error).message}\n--help lists the flags.`);
  process.exitCode = 2;
}
if (steps === "help") console.log(USAGE);
else if (steps !== undefined) await run(steps);
