// What cannot be compiled is refused with its place in the function's text, and with what to write instead.
import { SolveError } from "../../base/errors.ts";

/** A text that is being read or traced: which function it is, for messages. */
export interface Source {
  readonly text: string;
  /** "f", or the name of a function that was handed in. */
  readonly name: string;
}

/** The code that begins at a place, up to the end of its line, cut to a readable length. */
function codeAt(text: string, at: number): string {
  const [line] = text.slice(at, at + 61).split("\n");
  return line!.length > 60 ? `${line!.slice(0, 60)}…` : line!;
}

/** The error of a place in a text; `remedy` is a sentence that says what to write instead. */
export function refusal({ text, name }: Source, at: number, problem: string, remedy: string): SolveError {
  const lines = text.slice(0, at).split("\n");
  const place = `line ${lines.length}, column ${lines.at(-1)!.length + 1} of ${name}`;
  return new SolveError("invalid", `compiled: ${problem} (${place}: ${codeAt(text, at)}). ${remedy}`);
}
