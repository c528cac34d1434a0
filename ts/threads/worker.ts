// What a worker runs. scripts/build.mjs bundles it into a text, so that no file has to be found when a worker starts.
import { type Assignment, Hand } from "./hand.ts";

interface WorkerScope {
  onmessage: ((event: { data: Assignment }) => void) | null;
  postMessage(message: unknown): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  scope.onmessage = null;
  const hand = new Hand(data);
  scope.postMessage("ready");
  // The message may not leave before this task ends.
  setTimeout(() => hand.serve());
};
