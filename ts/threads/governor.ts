// Decides whether calls are shared at all. Where other programs want the cores, a worker comes late, preempts the thread
// that it should help, or stops in the middle of a chunk, and sharing can cost more than it brings. So when sharing brings
// little, both ways are tried in turns, and the better one stays for a while. Results do not depend on it.

/** Long against the pauses that a scheduler makes together with its turns in a trial, short against a user's patience. */
const WINDOW_MS = 5;
const TRIAL_WINDOWS = 8;
/** Sharing that makes calls less than this much faster than their chunks one after the other is put to trial. */
const SUSPICIOUS = 1.3;
/** How long a decision stands: short, but longer with each trial that finds again that sharing costs. */
const SHORTEST_REST_MS = 80;
const LONGEST_REST_MS = 1280;

interface Tally {
  work: number;
  ms: number;
}

const empty = (): Tally => ({ work: 0, ms: 0 });
const rate = ({ work, ms }: Tally): number => work / ms;

export class Governor {
  /** Whether the next call is to be shared. */
  sharing = true;
  private window: Tally = empty();
  private trial: { left: number; readonly shared: Tally; readonly alone: Tally; readonly before: boolean } | undefined;
  private rest = SHORTEST_REST_MS;
  private restsUntil = 0;

  /** Hears of a call that took `ms` until `now`, and would take `work` milliseconds on one undisturbed thread. */
  heard(work: number, ms: number, now: number): void {
    const { window } = this;
    window.work += work;
    window.ms += ms;
    if (window.ms < WINDOW_MS) return;
    this.window = empty();
    if (this.trial) this.tried(window, now);
    else if (now >= this.restsUntil && !(this.sharing && rate(window) >= SUSPICIOUS))
      this.trial = { left: TRIAL_WINDOWS, shared: empty(), alone: empty(), before: this.sharing };
  }

  private tried(window: Tally, now: number): void {
    const { shared, alone, before } = this.trial!;
    const tally = this.sharing ? shared : alone;
    tally.work += window.work;
    tally.ms += window.ms;
    this.sharing = !this.sharing;
    if (--this.trial!.left > 0) return;
    this.trial = undefined;
    this.sharing = rate(shared) > rate(alone);
    this.rest = this.sharing || before ? SHORTEST_REST_MS : Math.min(2 * this.rest, LONGEST_REST_MS);
    this.restsUntil = now + this.rest;
  }
}
