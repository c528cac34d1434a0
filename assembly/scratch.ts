// Room that a kernel may use while it runs. Threads share a memory and with it all that `memory.data` places there, so each
// has room of its own; constants may be anywhere. tests/unit/threads-protocol.test.ts finds what a kernel writes elsewhere.

/** Bytes of it. */
export const SCRATCH_BYTES: usize = 2048;

/** Where it is. */
export let scratch: usize = memory.data(2048, 16);

/** Moves it, to an address aligned to 16. */
export function useScratch(address: usize): void {
  scratch = address;
}
