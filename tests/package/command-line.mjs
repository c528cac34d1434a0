// `odegrad` as the tarball has it, run as a process: its results, its help, and how it fails.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commandOf, npm, runNode } from "../../scripts/process.mjs";

const OSCILLATOR = `// A spring, from rest.
(t, [x, v], dy, { k }) => {
  dy[0] = v;
  dy[1] = -k * x;
}
`;
const DECAY = "export default { field: (t, y, dy) => { dy[0] = -y[0]; }, y0: [1], ts: [0, 0.5] };\n";

function equal(actual, expected, what) {
  if (JSON.stringify(actual) !== JSON.stringify(expected))
    throw new Error(`${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

function near(actual, expected, what) {
  if (!(Math.abs(actual - expected) < 1e-5)) throw new Error(`${what}: ${actual} instead of ${expected}`);
}

/** The checks: by name, what runs one and resolves to what it has seen. */
export function commandLine(folder) {
  writeFileSync(join(folder, "oscillator.txt"), OSCILLATOR);
  writeFileSync(join(folder, "statements.txt"), "// The same.\ndy[0] = y[1]; // v\ndy[1] = -k * y[0];\n");
  writeFileSync(join(folder, "statements-in-order.txt"), "dy[0] = y[1];\ndy[1] = -params[0] * y[0]; // the same\n");
  writeFileSync(join(folder, "decay.mjs"), DECAY);
  writeFileSync(join(folder, "blow-up.txt"), "(t, y, dy) => { dy[0] = y[0] * y[0]; }\n");

  const program = commandOf("odegrad", "odegrad", folder);

  /** Runs `odegrad …`; throws unless it ends with this code. */
  async function odegrad(args, expected = 0, env = {}) {
    const { code, output, stdout } = await runNode(program, args, { quiet: true, cwd: folder, env });
    equal(code, expected, `exit code of odegrad ${args.join(" ")} (${output.trim()})`);
    return { output, stdout };
  }
  const jsonOf = ({ stdout }) => JSON.parse(stdout.trimEnd().split("\n").at(-1));

  return {
    "npx finds it": async () => {
      const args = ["exec", "--no", "--offline", "--", "odegrad", "--version"];
      const { code, output } = await npm(args, { quiet: true, cwd: folder });
      const { version } = JSON.parse(readFileSync(join(folder, "node_modules/odegrad/package.json"), "utf8"));
      equal([code, output.trim()], [0, version], "exit code and version");
      return version;
    },

    "doctor says of everything whether it runs": async () => {
      const { stdout } = await odegrad(["doctor", "--json"]);
      const found = jsonOf({ stdout });
      for (const [name, { ok, reason, remedy, ...more }] of Object.entries(found)) {
        equal(more, {}, name);
        if (typeof ok !== "boolean" || (!ok && !(reason && remedy))) throw new Error(`${name}: no reason or remedy`);
        if (!stdout.includes(`${ok ? "✔" : "✖"} ${name} `)) throw new Error(`${name} is not printed`);
      }
      equal([found.simd.ok, found.solve.ok, found.threads.ok], [true, true, true], "what runs");
      return Object.entries(found)
        .map(([name, { ok }]) => `${name} ${ok ? "yes" : "no"}`)
        .join(", ");
    },

    "doctor fails where nothing can be solved, and names the policy that forbids functions": async () => {
      const jitless = jsonOf(await odegrad(["doctor", "--json"], 1, { NODE_OPTIONS: "--jitless" }));
      equal([jitless.simd.ok, jitless.solve.ok], [false, false], "without WebAssembly");
      const NODE_OPTIONS = "--disallow-code-generation-from-strings";
      const strict = jsonOf(await odegrad(["doctor", "--json"], 0, { NODE_OPTIONS }));
      equal([strict.policies.ok, strict.solve.ok], [false, true], "without functions from text");
      return jitless.simd.reason;
    },

    "solve reads equations": async () => {
      const args = ["solve", "oscillator.txt", "--y0", "1,0", "--ts", "0,1", "--params", "k=4"];
      const { status, ts, ys, stats } = jsonOf(await odegrad([...args, "--json"]));
      equal([status, ts, ys.length], ["done", [0, 1], 4], "status, ts and length of ys");
      near(ys[2], Math.cos(2), "x(1)");
      near(ys[3], -2 * Math.sin(2), "v(1)");
      if (!(stats.accepted > 3)) throw new Error(`${stats.accepted} steps`);
      const { stdout } = await odegrad([...args, "--points", "3"]);
      const rows = stdout.trimEnd().split("\n");
      equal([rows.length, rows[0], rows[1]], [4, "t,y0,y1", "0,1,0"], "CSV");
      near(Number(rows[2].split(",")[1]), Math.cos(1), "x(0.5)");
      for (const [file, params] of [
        ["statements.txt", "k=4"],
        ["statements-in-order.txt", "4"],
      ]) {
        const bare = ["solve", file, "--y0", "1,0", "--ts", "0,1", "--params", params, "--json"];
        near(jsonOf(await odegrad(bare)).ys[2], Math.cos(2), `x(1) of ${file}`);
      }
      return rows[2];
    },

    "solve reads modules, whose options the command line replaces": async () => {
      near(jsonOf(await odegrad(["solve", "decay.mjs", "--json"])).ys[1], Math.exp(-0.5), "y(0.5)");
      const other = await odegrad(["solve", "decay.mjs", "--json", "--y0=-2", "--ts", "0,1", "--solver", "vern7"]);
      near(jsonOf(other).ys[1], -2 * Math.exp(-1), "y(1)");
      return other.stdout.trim();
    },

    "a solve that fails gives what it reached, and exit code 1": async () => {
      const args = ["solve", "blow-up.txt", "--y0", "1", "--ts", "0,0.5,2", "--json"];
      const { output, stdout } = await odegrad(args, 1);
      const { status, ts } = jsonOf({ stdout });
      equal([status, ts], ["step-underflow", [0, 0.5]], "status and ts");
      equal(jsonOf(await odegrad(["solve", "missing.txt", "--json"], 1)).status, "ENOENT", "status");
      return output.split("\n")[0].slice(0, 60);
    },

    "help, and exit code 2 for what cannot be meant": async () => {
      const { stdout } = await odegrad(["--help"]);
      for (const name of ["doctor", "solve"]) {
        if (!stdout.includes(`  ${name} `)) throw new Error(`no ${name} in ${stdout}`);
        if (!(await odegrad([name, "--help"])).stdout.startsWith(`odegrad ${name}`))
          throw new Error(`no help of ${name}`);
      }
      const wrong = [[], ["sovle"], ["solve"], ["solve", "decay.mjs", "more"], ["solve", "decay.mjs", "--rtoll", "1"]];
      for (const args of [...wrong, ["solve", "decay.mjs", "--y0", "one"], ["solve", "oscillator.txt", "--y0", "1,0"]])
        await odegrad(args, 2);
      return `${wrong.length + 2} refused`;
    },
  };
}
