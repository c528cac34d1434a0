// What a command of the command line is, and what all of them have in common: --help, --json, and the lines that they print.
import type { ParseArgsConfig } from "node:util";

/** An option of a command, for `parseArgs` and for --help. */
export interface CommandOption {
  readonly type: "string" | "boolean";
  /** What stands behind it in --help, such as "1,0". */
  readonly value?: string;
  /** What it means, in a few words. */
  readonly help: string;
}

/** What was given on the command line: the options' values by name, and the rest in order. */
export interface Given {
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

/** How a command ended: whether it succeeded, its result for --json, and the lines for people. */
export interface Outcome {
  readonly ok: boolean;
  readonly result: object;
  readonly lines: readonly string[];
}

export interface Command {
  /** What it does, in a line. */
  readonly summary: string;
  /** The arguments that it must have, by their names in --help. */
  readonly positionals: readonly string[];
  readonly options: Readonly<Record<string, CommandOption>>;
  /** More for --help, if there is more to say. */
  readonly details?: string;
  /** Throws `UsageError` for a command line that cannot be meant. */
  run(given: Given): Promise<Outcome>;
}

/** A command line that cannot be meant: exit code 2. */
export class UsageError extends Error {}

const COMMON: Record<string, CommandOption> = {
  json: { type: "boolean", help: "print the result as JSON, in the last line" },
  help: { type: "boolean", help: "print this" },
};

/** Every option of a command for `parseArgs`, those that all have among them. */
export const optionsOf = ({ options }: Command): NonNullable<ParseArgsConfig["options"]> =>
  Object.fromEntries(Object.entries({ ...options, ...COMMON }).map(([name, { type }]) => [name, { type }]));

/** The text of `odegrad NAME --help`. */
export function helpOf(name: string, command: Command): string {
  const options = Object.entries({ ...command.options, ...COMMON }).map(
    ([option, { value, help }]) => [`  --${option}${value ? ` ${value}` : ""}`, help] as const,
  );
  const width = Math.max(...options.map(([left]) => left.length));
  return [
    `odegrad ${[name, ...command.positionals, "[options]"].join(" ")}`,
    "",
    command.summary,
    ...(command.details ? ["", command.details] : []),
    "",
    ...options.map(([left, help]) => `${left.padEnd(width)}  ${help}`),
  ].join("\n");
}
