// Bun: the package by its own name, so through package.json's `exports`.
import * as odegrad from "odegrad";
import * as threads from "odegrad/threads";
import { scenario } from "../../build/tests/scenario.mjs";
import { threadsScenario } from "../../build/tests/threads-scenario.mjs";
import { report, reportScenario } from "./report.mjs";

const runtime = `Bun ${Bun.version}`;
report(runtime, await scenario(odegrad));
reportScenario(runtime, await threadsScenario(odegrad, threads));
