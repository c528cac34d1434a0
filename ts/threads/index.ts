// odegrad/threads: networks and compiled fields whose evaluations several threads share.
export { type ThreadCounts, Threads, type ThreadsOptions, threads } from "./pool.ts";
export { threaded } from "./threaded.ts";
