// The words that the main thread and the workers share: the call in work, its chunks of rows that are free, and the state of
// each chunk. All accesses are atomic: a thread that reads a word sees everything written before that word.
//
// Chunks are taken one at a time: by the main thread from the front, by workers from the back. So the same rows mostly meet
// the same core and its caches. A late thread takes nothing. The main thread does not wait for a worker that stops in the
// middle: it takes the chunk back (`takeBack`). The worker's results are then lost: a worker computes in memory of its own
// and stores its results only after it has won `beginStore`.

/** epoch (20 bits) | end (6) | next (6): the chunks next … end − 1 of the epoch's call are free. */
const TICKET = 0;
const SLEEPERS = 16;
const QUIT = 17;
// The call, constant while its epoch lasts.
const KIND = 32;
const JOB = 33;
const TAPE = 34;
const TIME = 36;
/** Of each chunk: epoch | state. */
const STATES = 48;
/** Of each worker, on a cache line of its own: the job whose memory it may touch, or 0. */
const TOUCHED = 128;
const LINE_WORDS = 16;

/** Bits of a chunk's number: a call has at most 63 chunks, and chunks.ts makes at most 16. */
const FIELD = 6;
const MASK = (1 << FIELD) - 1;
const EPOCH_SHIFT = 2 * FIELD;
const EPOCH_MASK = (1 << (32 - EPOCH_SHIFT)) - 1;

const OPEN = 0;
const STORING = 1;
const DONE = 2;
const TAKEN = 3;
const stateOf = (epoch: number, state: number): number => (epoch << 2) | state;

export const controlWords = (workers: number): number => TOUCHED + LINE_WORDS * workers;

/** What is computed; `tape` is the address of the call's tape or 0, `job` that of its header (job.ts). */
export interface Call {
  kind: number;
  job: number;
  t: number;
  tape: number;
}

const number = new Float64Array(1);
const halves = new Int32Array(number.buffer);

// Newer engines have Atomics.pause, a hint to the processor that a loop waits.
const pause: () => void = (Atomics as { pause?: () => void }).pause ?? ((): void => {});

/** The main thread's side. */
export class Caller {
  private readonly words: Int32Array;
  private epoch = 0;

  constructor(words: Int32Array) {
    this.words = words;
  }

  /** Offers the chunks of a call to whoever comes. */
  open({ kind, job, t, tape }: Call, chunks: number): void {
    const { words } = this;
    this.close();
    const { epoch } = this;
    for (let chunk = 0; chunk < chunks; chunk++) Atomics.store(words, STATES + chunk, stateOf(epoch, OPEN));
    number[0] = t;
    Atomics.store(words, KIND, kind);
    Atomics.store(words, JOB, job);
    Atomics.store(words, TAPE, tape);
    Atomics.store(words, TIME, halves[0]!);
    Atomics.store(words, TIME + 1, halves[1]!);
    Atomics.store(words, TICKET, (epoch << EPOCH_SHIFT) | (chunks << FIELD));
    if (Atomics.load(words, SLEEPERS) > 0) Atomics.notify(words, TICKET);
  }

  /** From now on nobody begins with a chunk of the last call. */
  close(): void {
    this.epoch = (this.epoch + 1) & EPOCH_MASK;
    Atomics.store(this.words, TICKET, this.epoch << EPOCH_SHIFT);
  }

  /** Takes the first free chunk; −1 where there is none. */
  take(): number {
    const { words } = this;
    for (;;) {
      const ticket = Atomics.load(words, TICKET);
      const next = ticket & MASK;
      if (next >= ((ticket >>> FIELD) & MASK)) return -1;
      if (Atomics.compareExchange(words, TICKET, ticket, ticket + 1) === ticket) return next;
    }
  }

  /** Whether a worker has stored the chunk's results. */
  isDone(chunk: number): boolean {
    return Atomics.load(this.words, STATES + chunk) === stateOf(this.epoch, DONE);
  }

  /** Takes a chunk back from a worker; false where it is storing its results already. */
  takeBack(chunk: number): boolean {
    const open = stateOf(this.epoch, OPEN);
    return Atomics.compareExchange(this.words, STATES + chunk, open, stateOf(this.epoch, TAKEN)) === open;
  }

  /** The job whose memory a worker may touch, or 0. It never becomes a job whose calls are over. */
  touched(worker: number): number {
    return Atomics.load(this.words, TOUCHED + LINE_WORDS * worker);
  }

  /** Lets all workers end. */
  quit(): void {
    Atomics.store(this.words, QUIT, 1);
    this.close();
    Atomics.notify(this.words, TICKET);
  }
}

/** A worker's side. */
export class Taker implements Call {
  kind = 0;
  job = 0;
  t = 0;
  tape = 0;
  chunk = 0;
  private readonly words: Int32Array;
  private readonly touchedAt: number;
  private epoch = 0;

  constructor(words: Int32Array, worker: number) {
    this.words = words;
    this.touchedAt = TOUCHED + LINE_WORDS * worker;
  }

  /** Takes the last free chunk with its call; false where there is none. The job's memory is the worker's until the next. */
  take(): boolean {
    const { words } = this;
    for (;;) {
      const ticket = Atomics.load(words, TICKET);
      const end = (ticket >>> FIELD) & MASK;
      if ((ticket & MASK) >= end) {
        Atomics.store(words, this.touchedAt, 0);
        return false;
      }
      if (Atomics.compareExchange(words, TICKET, ticket, ticket - (1 << FIELD)) !== ticket) continue;
      this.epoch = ticket >>> EPOCH_SHIFT;
      this.chunk = end - 1;
      this.kind = Atomics.load(words, KIND);
      this.job = Atomics.load(words, JOB);
      this.tape = Atomics.load(words, TAPE);
      halves[0] = Atomics.load(words, TIME);
      halves[1] = Atomics.load(words, TIME + 1);
      this.t = number[0]!;
      // Before the look at the epoch: a caller that gives the memory back sees this, or this sees that the call is over.
      Atomics.store(words, this.touchedAt, this.job);
      // If the call was over before all of it was read, the chunk has been taken back.
      if (Atomics.load(words, TICKET) >>> EPOCH_SHIFT === this.epoch) return true;
    }
  }

  /** Whether the results may be stored. `endStore` must then follow soon: the main thread waits for it. */
  beginStore(): boolean {
    const open = stateOf(this.epoch, OPEN);
    return Atomics.compareExchange(this.words, STATES + this.chunk, open, stateOf(this.epoch, STORING)) === open;
  }

  endStore(): void {
    Atomics.store(this.words, STATES + this.chunk, stateOf(this.epoch, DONE));
  }

  /** Waits for a free chunk, in a loop for the first `milliseconds`; false at the end of the pool. */
  wait(milliseconds: number): boolean {
    const { words } = this;
    const until = performance.now() + milliseconds;
    for (let looks = 1; ; looks++) {
      const ticket = Atomics.load(words, TICKET);
      if ((ticket & MASK) < ((ticket >>> FIELD) & MASK)) return true;
      if (Atomics.load(words, QUIT) !== 0) return false;
      pause();
      // A clock costs more than a look.
      if (looks % 64 !== 0 || performance.now() < until) continue;
      Atomics.add(words, SLEEPERS, 1);
      Atomics.wait(words, TICKET, ticket);
      Atomics.sub(words, SLEEPERS, 1);
    }
  }
}
