// Statements. Each answers how it ends: by going on (undefined), or by leaving a loop or the function.
import type { Case, Statement } from "../reader/syntax.ts";
import { elementAt, elementsOf } from "./arrays.ts";
import { countedRounds } from "./counted.ts";
import type { Completion } from "./heap.ts";
import { keepRounds } from "./kept.ts";
import { entriesOf } from "./members.ts";
import { asKnown, asTruth, isEqual } from "./operators.ts";
import { assign } from "./patterns.ts";
import type { Tracer } from "./tracer.ts";
import { NotKept } from "./unread.ts";
import { ArrayValue, Closure, Scope } from "./values.ts";

/** Rounds of a loop whose end depends on the state, at most: each is traced, and more are a mistake. */
const MOST_OPEN_ROUNDS = 64;

/** Runs statements one after the other, in a scope of their own variables. */
export function runAll(tracer: Tracer, body: readonly Statement[], scope: Scope): Completion | undefined {
  for (const statement of body) {
    if (statement.kind === "define")
      scope.define(statement.name, tracer.heap.place(new Closure(statement.value, scope, tracer.source)));
  }
  for (const statement of body) {
    const completion = run(tracer, statement, scope);
    if (completion) return completion;
  }
  return undefined;
}

function run(tracer: Tracer, node: Statement, scope: Scope, labels: readonly string[] = []): Completion | undefined {
  const { heap } = tracer;
  tracer.at = node.at;
  switch (node.kind) {
    case "define":
      return undefined;
    case "declare":
      for (const [target, value] of node.list) {
        // A `var` has its place since its function began.
        const isVar = node.as === "var";
        if (value || !isVar) assign(tracer, target, value && tracer.evaluate(value, scope), scope, !isVar);
      }
      return undefined;
    case "evaluate":
      tracer.evaluate(node.of, scope);
      return undefined;
    case "if": {
      const { whenTrue, whenFalse } = node;
      return heap.branch(
        asTruth(tracer, tracer.evaluate(node.test, scope)),
        () => run(tracer, whenTrue, scope),
        () => whenFalse && run(tracer, whenFalse, scope),
      );
    }
    case "loop":
      return loop(tracer, node, scope, labels);
    case "each":
      return each(tracer, node, scope, labels);
    case "return":
      return { kind: "return", value: node.of && tracer.evaluate(node.of, scope) };
    case "break":
    case "continue":
      return { kind: node.kind, label: node.label };
    case "throw":
      return tracer.fail("an error is thrown", "Give NaN where the field is not defined.");
    case "switch": {
      const first = heap.waiting;
      const completion = choose(tracer, node, new Scope(scope));
      return leave(tracer, first, labels, completion);
    }
    case "block":
      return runAll(tracer, node.body, new Scope(scope));
    case "label": {
      const first = heap.waiting;
      const completion = run(tracer, node.body, scope, [...labels, node.name]);
      return leave(tracer, first, [node.name], completion, true);
    }
  }
}

/** Comes to the end of a loop or a switch by `break`, or of a labelled statement by its label. */
function leave(
  tracer: Tracer,
  first: number,
  labels: readonly string[],
  completion: Completion | undefined,
  byLabel = false,
): Completion | undefined {
  const leaves = ({ kind, label }: Completion): boolean =>
    kind === "break" && (label === undefined ? !byLabel : labels.includes(label));
  const own = tracer.heap.settle(first, leaves, completion);
  return own && leaves(own) ? undefined : own;
}

function choose(tracer: Tracer, { of, cases }: Statement & { kind: "switch" }, scope: Scope): Completion | undefined {
  const value = tracer.evaluate(of, scope);
  const isMatch = ({ test }: Case): boolean =>
    test !== undefined &&
    asKnown(tracer, isEqual(tracer, value, tracer.evaluate(test, scope), false), "a case") === true;
  const matching = cases.findIndex(isMatch);
  const from = matching < 0 ? cases.findIndex(({ test }) => !test) : matching;
  return from < 0
    ? undefined
    : runAll(
        tracer,
        cases.slice(from).flatMap(({ body }) => body),
        scope,
      );
}

/** One round of a loop's body: comes to its end, or leaves the loop. */
function round(tracer: Tracer, body: Statement, scope: Scope, labels: readonly string[]): Completion | undefined {
  const first = tracer.heap.waiting;
  const goesOn = ({ kind, label }: Completion): boolean =>
    kind === "continue" && (label === undefined || labels.includes(label));
  const completion = tracer.heap.settle(first, goesOn, run(tracer, body, scope));
  return completion && goesOn(completion) ? undefined : completion;
}

function loop(
  tracer: Tracer,
  node: Statement & { kind: "loop" },
  around: Scope,
  labels: readonly string[],
): Completion | undefined {
  const { start, test, update, body, bodyFirst } = node;
  const { heap } = tracer;
  const first = heap.waiting;
  let scope = new Scope(around);
  if (start) run(tracer, start, scope);
  if (kept(tracer, node, scope, labels)) return undefined;
  let completion: Completion | undefined;
  let open = 0;
  for (let i = 0; ; i++) {
    if (test && (i > 0 || !bodyFirst)) {
      const truth = asTruth(tracer, tracer.evaluate(test, scope));
      if (typeof truth === "object" && open++ > MOST_OPEN_ROUNDS)
        tracer.fail(
          `the end of this loop depends on the state and is not known after ${MOST_OPEN_ROUNDS} rounds`,
          "Give it a fixed number of iterations.",
        );
      completion = heap.branch(
        truth,
        () => undefined,
        () => ({ kind: "break" }),
      );
      if (completion) break;
    }
    completion = round(tracer, body, scope, labels);
    if (completion) break;
    if (start?.kind === "declare") scope = scope.copy((value) => heap.place(value));
    if (update) tracer.evaluate(update, scope);
  }
  return leave(tracer, first, labels, completion);
}

/** Whether a loop has stayed one. */
function kept(tracer: Tracer, node: Statement & { kind: "loop" }, scope: Scope, labels: readonly string[]): boolean {
  const counted = tracer.keepsLoops ? countedRounds(tracer, node, scope) : undefined;
  if (!counted) return false;
  const isKept = keepRounds(tracer, counted.count, (k) => {
    counted.enter(k);
    if (round(tracer, node.body, scope, labels) || !counted.isEntered(k)) throw new NotKept();
  });
  if (isKept) counted.end();
  else counted.enter(0);
  return isKept;
}

function each(
  tracer: Tracer,
  node: Statement & { kind: "each" },
  around: Scope,
  labels: readonly string[],
): Completion | undefined {
  const { as, target, keys, of, body } = node;
  const first = tracer.heap.waiting;
  const given = tracer.evaluate(of, around);
  if (given instanceof ArrayValue && !keys) {
    const isKept = keepRounds(tracer, given.size(tracer), (k) => {
      const scope = new Scope(around);
      assign(tracer, target, elementAt(tracer, given, k), scope, as !== undefined && as !== "var");
      if (round(tracer, body, scope, labels)) throw new NotKept();
    });
    if (isKept) return undefined;
  }
  const values = keys ? entriesOf(tracer, given).map(([key]) => key) : elementsOf(tracer, given);
  let completion: Completion | undefined;
  for (const value of values) {
    const scope = new Scope(around);
    assign(tracer, target, value, scope, as !== undefined && as !== "var");
    completion = round(tracer, body, scope, labels);
    if (completion) break;
  }
  return leave(tracer, first, labels, completion);
}
