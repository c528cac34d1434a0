// A spinning process for each core, to see what threads do on a machine that has none to spare.
import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";

const PROGRAM = "console.log(); for (;;);";

/** Starts them and resolves once all spin. */
export async function spinningOnEveryCore(): Promise<{ end(): void }> {
  const processes: ChildProcess[] = [];
  const end = (): void => {
    for (const child of processes) child.kill("SIGKILL");
  };
  process.once("exit", end);
  for (let i = 0; i < availableParallelism(); i++) {
    const child = spawn(process.execPath, ["-e", PROGRAM], { stdio: ["ignore", "pipe", "inherit"] });
    processes.push(child);
    await new Promise((resolve) => child.stdout!.once("data", resolve));
  }
  return { end };
}
