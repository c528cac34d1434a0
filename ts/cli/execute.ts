// odegrad NAME …: finds the command, reads its arguments, prints what came of it, and says how it ended.
// Exit codes: 0, 1 for a command that failed, 2 for a command line that cannot be meant.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Command, type Given, helpOf, optionsOf, UsageError } from "./command.ts";

/** Every command, by its name; loaded only when it is asked for. A command joins by a line here. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  doctor: async () => (await import("./doctor.ts")).doctor,
  solve: async () => (await import("./solve.ts")).solve,
};

async function overview(): Promise<string> {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length));
  const commands = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(width)}  ${(await COMMANDS[name]!()).summary}`),
  );
  return ["odegrad COMMAND [options]", "", ...commands, "", "odegrad COMMAND --help has more; odegrad --version."].join(
    "\n",
  );
}

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function read(name: string, command: Command, args: readonly string[]): Given {
  let given: Given;
  try {
    given = parseArgs({ args: [...args], options: optionsOf(command), allowPositionals: true }) as Given;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const { positionals, values } = given;
  const missing = command.positionals[positionals.length];
  if (missing !== undefined && !values.help) throw new UsageError(`odegrad ${name} needs ${missing}`);
  const surplus = positionals[command.positionals.length];
  if (surplus !== undefined) throw new UsageError(`odegrad ${name} has no use for ${JSON.stringify(surplus)}`);
  return given;
}

async function commandNamed(name: string): Promise<Command> {
  if (!Object.hasOwn(COMMANDS, name)) {
    throw new UsageError(`there is no command ${JSON.stringify(name)}; there are ${Object.keys(COMMANDS).join(", ")}`);
  }
  return COMMANDS[name]!();
}

/** Runs the command line, prints what came of it, and resolves to the exit code. */
export async function execute(args: readonly string[]): Promise<0 | 1 | 2> {
  const [name, ...rest] = args;
  try {
    if (name === "--version") console.log(version());
    if (name === undefined || name === "--help" || name === "help") console.log(await overview());
    if (name === "--version" || name === "--help" || name === "help") return 0;
    if (name === undefined) return 2;
    const command = await commandNamed(name);
    const given = read(name, command, rest);
    if (given.values.help) {
      console.log(helpOf(name, command));
      return 0;
    }
    const { ok, result, lines } = await command.run(given);
    for (const line of lines) console.log(line);
    if (given.values.json) console.log(JSON.stringify(result));
    return ok ? 0 : 1;
  } catch (error) {
    const usage = error instanceof UsageError;
    console.error(error instanceof Error ? error.message : String(error));
    if (usage) console.error(`odegrad ${name && Object.hasOwn(COMMANDS, name) ? `${name} ` : ""}--help says how.`);
    if (!usage && rest.includes("--json")) {
      const { code = "invalid", message = String(error) } = error as { code?: string; message?: string };
      console.log(JSON.stringify({ status: code, message }));
    }
    return usage ? 2 : 1;
  }
}
