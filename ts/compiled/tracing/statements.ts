// Statements. Each answers how it ends: by going on (undefined), or by leaving a loop or the function.
import type { Case, Statement } from "../reader/syntax.ts";
import type { Completion } from "./heap.ts";
import { elementsOf, entriesOf } from "./members.ts";
import { asKnown, asTruth, binary } from "./operators.ts";
import { assign } from "./patterns.ts";
import type { Tracer } from "./tracer.ts";
import { Closure, Scope } from "./values.ts";

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
  switch (node.kind) {
    case "define":
      return undefined;
    case "declare":
      for (const [target, value] of node.list) {
        if (value === undefined && node.as === "var") continue;
        assign(tracer, target, value && tracer.evaluate(value, scope), scope, node.as);
      }
      return undefined;
    case "evaluate":
      tracer.evaluate(node.of, scope);
      return undefined;
    case "if": {
      const { whenTrue, whenFalse } = node;
      return heap.branch(
        asTruth(tracer, tracer.evaluate(node.test, scope), node.at),
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
      return tracer.fail(
        node.at,
        "an error is thrown",
        "A field has no way to fail; return NaN where it is not defined.",
      );
    case "switch": {
      const inside = new Scope(scope);
      const first = heap.waiting;
      const completion = choose(tracer, node.cases, node, inside);
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

function choose(
  tracer: Tracer,
  cases: readonly Case[],
  { of, at }: Statement & { kind: "switch" },
  scope: Scope,
): Completion | undefined {
  const value = tracer.evaluate(of, scope);
  const isMatch = ({ test }: Case): boolean =>
    test !== undefined &&
    asKnown(tracer, binary(tracer, "===", value, tracer.evaluate(test, scope), at), "a case", at) === "true";
  let from = cases.findIndex(isMatch);
  if (from < 0) from = cases.findIndex(({ test }) => test === undefined);
  if (from < 0) return undefined;
  return runAll(
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
  let completion: Completion | undefined;
  let open = 0;
  for (let i = 0; ; i++) {
    if (test && (i > 0 || !bodyFirst)) {
      const truth = asTruth(tracer, tracer.evaluate(test, scope), node.at);
      if (typeof truth === "object" && open++ > MOST_OPEN_ROUNDS)
        tracer.fail(
          node.at,
          `the end of this loop depends on the state and is not known after ${MOST_OPEN_ROUNDS} rounds`,
          "Give the loop an end that is known before the solve, such as a fixed number of iterations.",
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
    if (start?.kind === "declare" && start.as === "let") scope = scope.copy((value) => heap.place(value));
    if (update) tracer.evaluate(update, scope);
  }
  return leave(tracer, first, labels, completion);
}

function each(
  tracer: Tracer,
  node: Statement & { kind: "each" },
  around: Scope,
  labels: readonly string[],
): Completion | undefined {
  const { as, target, keys, of, body, at } = node;
  const first = tracer.heap.waiting;
  const given = tracer.evaluate(of, around);
  const values = keys ? entriesOf(tracer, given, at).map(([key]) => key) : elementsOf(tracer, given, at);
  let completion: Completion | undefined;
  for (const value of values) {
    const scope = new Scope(around);
    assign(tracer, target, value, scope, as);
    completion = round(tracer, body, scope, labels);
    if (completion) break;
  }
  return leave(tracer, first, labels, completion);
}
