// The functions of a program computed at one point outside a solve, in memory that is leased for each call.
import type { Dtype, FloatArray } from "../base/dtype.ts";
import { invalid } from "../base/errors.ts";
import { type HostVector, Scratch } from "../wasm/scratch.ts";
import { CalledNetworks } from "./called-networks.ts";
import { ARRAYS, type Kind } from "./functions.ts";
import type { Program } from "./program.ts";
import type { Layout } from "./tracing/parameters.ts";

type Numbers = ArrayLike<number>;

interface Room {
  readonly scratch: Scratch;
  readonly networks: CalledNetworks | undefined;
  readonly vectors: Map<string, HostVector>;
}

export class Calls {
  readonly program: Program;
  private readonly dtype: Dtype;
  private readonly layout: Layout;
  private readonly rooms = new Map<string, Room>();
  private t = 0;
  private y: Numbers = [];
  private p: Numbers = [];

  constructor(program: Program, layout: Layout, dtype: Dtype) {
    this.program = program;
    this.layout = layout;
    this.dtype = dtype;
  }

  /** Where `run` computes from now on. */
  point(t: number, y: Numbers, p: Numbers): void {
    this.t = t;
    this.y = y;
    this.p = p;
  }

  /** Computes a function of the point and of what is `given`; `take` reads what it left in its arrays, and what it returned. */
  run<T>(kind: Kind, given: Record<string, Numbers>, take: (of: (array: string) => FloatArray, sum: number) => T): T {
    const { program, dtype, t, y, p } = this;
    const batch = y.length / program.dim;
    const { scratch, vectors, networks } = this.roomFor(kind, batch);
    scratch.lease();
    try {
      const own: Record<string, Numbers> = { y, p, ...given };
      const addresses = ARRAYS[kind].map((name) => {
        const { view, address } = vectors.get(name)!;
        const numbers = own[name];
        if (numbers && numbers.length !== view.length)
          throw invalid(NAMES[name] ?? name, numbers, `${view.length} numbers`);
        if (numbers) view.set(numbers);
        else view.fill(0);
        return address;
      });
      const room = vectors.get(OWN)!;
      program.fill(room.view);
      networks?.load(p, given.pDot);
      const run = networks?.on(kind) ?? program.onMemory(kind, dtype, batch > 1, scratch.memory);
      const sum = run(t, ...addresses, batch, room.address);
      return take((name) => vectors.get(name)!.view, sum);
    } finally {
      scratch.release();
    }
  }

  private roomFor(kind: Kind, batch: number): Room {
    const key = `${kind} ${batch}`;
    let room = this.rooms.get(key);
    if (!room) {
      const scratch = new Scratch();
      const lengthOf = (name: string): number =>
        batch * this.program.widthOf(name) || (name === "tDot" ? 1 : this.layout.total);
      const vectors = new Map(ARRAYS[kind].map((name) => [name, scratch.vector(lengthOf(name), this.dtype)]));
      const { program, layout } = this;
      const networks = program.callsNetworks
        ? new CalledNetworks(scratch, program, layout.networks, batch, [kind], kind === "jvp")
        : undefined;
      vectors.set(OWN, scratch.vector(program.ownFor([kind]), "float64"));
      room = { scratch, vectors, networks };
      this.rooms.set(key, room);
    }
    return room;
  }
}

/** The program's own arrays. */
const OWN = "own";

/** The names of arrays for users. */
const NAMES: Record<string, string> = { p: "params", w: "cotangent", yDot: "tangent.y", pDot: "tangent.params" };
