// Collects the contestants of a case with what their results sum up to.

import type { Dtype } from "../../ts/base/dtype.ts";
import { type Contestant, contestant } from "../sampling.ts";
import { type Case, type Field, nativeContestant } from "./case.ts";
import { sum } from "./inputs.ts";

export class Entrants {
  readonly contestants: Contestant[] = [];
  private readonly results: (() => number)[] = [];

  /** `result`: the array that `call` fills; without one, what `call` returns is the result. */
  add(name: string, call: () => unknown, result?: ArrayLike<number>): void {
    this.contestants.push(contestant(name, call));
    this.results.push(() => (result ? sum(result) : (call() as number)));
  }

  addNative({ native }: Field, kernel: string, dtype: Dtype, ...words: (string | number)[]): void {
    if (!native) return;
    const entrant = nativeContestant(native, kernel, dtype, ...words);
    this.contestants.push(entrant);
    this.results.push(() => entrant.checksum);
  }

  case(elements: number, comparable = true): Case {
    const { contestants, results } = this;
    const checksums = (): number[] => (comparable ? results.map((result) => result()) : results.map(() => Number.NaN));
    return { elements, contestants, checksums };
  }
}
