// npm start: trains a neural ODE on noisy spirals, shows how it goes, and draws what it has learned.
import { accessSync, closeSync, constants, existsSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { SolveError } from "odegrad";
import { type Command, readFlags, UsageError, usage } from "./spiral/flags.ts";
import { beginPicture } from "./spiral/picture.ts";
import { progressLine, resultTable, TASK } from "./spiral/report.ts";
import { startTraining } from "./spiral/training.ts";

const isTerminal = process.stdout.isTTY === true;

/** On a terminal a line takes the place of the last one, which works only if it did not wrap. */
function show(line: string): void {
  const fitting = line.slice(0, (process.stdout.columns || 80) - 1);
  process.stdout.write(isTerminal ? `\r\x1b[2K${fitting}` : `${line}\n`);
}

/** When to show progress: ten times a second on a terminal, at every tenth of the steps in a log. */
function isDue(step: number, steps: number, sinceLast: number): boolean {
  if (step === steps) return true;
  return isTerminal ? sinceLast > 100 : Math.floor((10 * step) / steps) > Math.floor((10 * (step - 1)) / steps);
}

/** Makes sure that a file can be written, before a training is spent on it. */
function prepare(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) closeSync(openSync(path, "r+"));
  else accessSync(dirname(path), constants.W_OK);
}

function run({ settings, picture }: Command): void {
  const { steps, seed, solver } = settings;
  const path = resolve(picture);
  prepare(path);
  const training = startTraining(settings);
  console.log(`${TASK}\n${training.parameters} parameters, ${solver.name}, ${steps} steps, seed ${seed}\n`);
  const before = training.losses();
  const draw = beginPicture(training);

  let seconds = 0;
  let shown = 0;
  for (let step = 1; step <= steps; step++) {
    const start = performance.now();
    const batchLoss = training.step();
    // The clock of the training stands still while its progress is measured and shown.
    seconds += (performance.now() - start) / 1000;
    if (!isDue(step, steps, performance.now() - shown)) continue;
    show(progressLine(step, steps, batchLoss, training.losses().validation, seconds));
    shown = performance.now();
  }

  console.log(`${isTerminal ? "\n" : ""}\n${resultTable(before, training.losses(), training.costs, seconds)}\n`);
  writeFileSync(path, draw().svg);
  console.log(`Observations, truth and fit: ${path}`);
}

try {
  const command = readFlags(process.argv.slice(2));
  if (command === "help") console.log(usage());
  else run(command);
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n--help lists the flags.`);
    process.exitCode = 2;
  } else if (error instanceof SolveError) {
    console.error(`\nThe training ended early (${error.code}): ${error.message}`);
    process.exitCode = 1;
  } else if (error instanceof Error && "syscall" in error) {
    console.error(`\nThe picture cannot be written: ${error.message}`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
