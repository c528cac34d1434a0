// Native contestants: C++ compiled on the spot for this very processor, run as a process that answers one line for each
// line it gets. So native samples take turns with those of this process.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface, type Interface } from "node:readline";

export class Native {
  private readonly child: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;

  constructor(program: string) {
    this.child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
    this.reader = createInterface({ input: this.child.stdout! });
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  /** The numbers that the program answers. */
  async ask(...words: (string | number)[]): Promise<number[]> {
    this.child.stdin!.write(`${words.join(" ")}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`the native program ended at "${words.join(" ")}"`);
    return (value as string).split(" ").map(Number);
  }

  close(): void {
    this.child.stdin!.end();
    this.reader.close();
  }
}

export interface NativeBuild {
  readonly program: string;
  /** The compiler and its flags. */
  readonly compiler: string;
}

/** Compiles bench/native/`name`.cpp with `more` flags; says loudly why not where that is impossible. */
export function compileNative(name: string, ...more: string[]): NativeBuild | undefined {
  const compiler = process.env.CXX || "g++";
  const version = spawnSync(compiler, ["--version"], { encoding: "utf8" });
  if (version.error || version.status !== 0) {
    console.warn(
      `\n*** NO NATIVE CONTESTANTS: ${compiler} does not run here (${version.error?.message ?? "it failed"}).`,
    );
    console.warn("*** Install g++, or name a C++ compiler in the environment variable CXX.\n");
    return undefined;
  }
  mkdirSync("build/native", { recursive: true });
  const program = `build/native/${name}`;
  const flags = ["-O3", "-march=native", "-std=gnu++17"];
  const { status } = spawnSync(compiler, [...flags, `bench/native/${name}.cpp`, "-o", program, ...more], {
    stdio: "inherit",
  });
  if (status !== 0) {
    console.warn(`\n*** NO NATIVE CONTESTANTS: ${compiler} could not compile bench/native/${name}.cpp (see above).\n`);
    return undefined;
  }
  return { program, compiler: `${version.stdout.split("\n")[0]} ${flags.join(" ")}` };
}
