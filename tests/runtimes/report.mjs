// What a runner prints, one line a check, and how the script that started it counts the lines.

/** Prints the checks of one runtime. */
export function report(runtime, checks) {
  for (const { name, ok, detail } of checks) console.log(`${ok ? "✔" : "✖"} ${runtime}: ${name}: ${detail}`);
}

/** Prints the checks of a scenario, or, where it returned a text, that text as the reason why there are none. */
export const reportScenario = (runtime, result) =>
  typeof result === "string" ? reportSkipped(runtime, result) : report(runtime, result);

/** Prints that this machine cannot run the checks of a runtime, and why. */
export const reportSkipped = (runtime, reason) => console.log(`○ ${runtime}: SKIPPED: ${reason}`);

/** How many checks the printed output says passed, failed and were skipped. */
export function countReported(output) {
  const count = (mark) => output.split("\n").filter((line) => line.startsWith(`${mark} `)).length;
  return { passed: count("✔"), failed: count("✖"), skipped: count("○") };
}
