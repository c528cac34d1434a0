// A function's instructions as they are written one after the other, with its local variables.
import { Bytes, TYPE } from "./encoder.ts";

export const GET = 0x20;
export const SET = 0x21;
export const CALL = 0x10;
export const TEE = 0x22;
const CONST = 0x41;
const END = 0x0b;
const BLOCK = 0x02;
const LOOP = 0x03;
const NOTHING = 0x40;
const BRANCH = 0x0c;
const BRANCH_IF = 0x0d;

export abstract class Code {
  readonly body: Bytes = new Bytes();
  /** Types of the local variables after the parameters. */
  readonly locals: number[] = [];
  /** Those that are free again, by type. */
  private readonly free = new Map<number, number[]>();
  /** Parameters that come before them. */
  private readonly parameters: number;
  /** Whether two numbers are computed side by side. */
  protected lanes = false;

  constructor(parameters: number) {
    this.parameters = parameters;
  }

  /** An instruction with a number. */
  protected op(code: number, value: number): void {
    this.body.byte(code);
    this.body.integer(value);
  }

  protected put(codes: readonly number[]): void {
    this.body.append(codes);
  }

  protected integer(value: number): void {
    this.body.byte(CONST);
    this.body.integer(value, true);
  }

  /** A new variable, or one that has become free. */
  protected local(type: number): number {
    return this.free.get(type)?.pop() ?? this.parameters - 1 + this.locals.push(type);
  }

  protected release(local: number): void {
    const type = this.locals[local - this.parameters]!;
    const free = this.free.get(type);
    if (free) free.push(local);
    else this.free.set(type, [local]);
  }

  /** variable += by */
  protected advance(local: number, by: number): void {
    if (by === 0) return;
    this.op(GET, local);
    this.integer(by);
    this.put([0x6a]);
    this.op(SET, local);
  }

  protected constant(value: number): void {
    if (this.lanes) {
      this.put([0xfd, 0x0c]);
      this.body.double(value);
    } else this.put([0x44]);
    this.body.double(value);
  }

  /** Two numbers side by side. */
  protected pair(a: number, b: number): void {
    this.put([0xfd, 0x0c]);
    this.body.double(a);
    this.body.double(b);
  }

  protected splat(): void {
    this.put([0xfd, 0x14]);
  }

  /** The sum of both lanes. */
  protected horizontal(): void {
    const local = this.local(TYPE.v128);
    this.op(TEE, local);
    this.put([0xfd, 0x21, 0]);
    this.op(GET, local);
    this.put([0xfd, 0x21, 1, 0xa0]);
    this.release(local);
  }

  /** Rounds while an unsigned variable is at least `least`. */
  protected whileAtLeast(variable: number, least: number, round: () => void): void {
    this.put([BLOCK, NOTHING, LOOP, NOTHING]);
    this.op(GET, variable);
    this.integer(least);
    this.put([0x49, BRANCH_IF, 1]);
    round();
    this.put([BRANCH, 0, END, END]);
  }

  /** Rounds, one at least, until a counter that they advance has come to `end`. */
  protected until(counter: number, end: number, round: () => void): void {
    this.put([LOOP, NOTHING]);
    round();
    this.op(GET, counter);
    this.integer(end);
    this.put([0x48, BRANCH_IF, 0, END]);
  }
}
