// The page's program for threads: dist/ and the checks in one bundle, run by browser.mjs with isolation and without.
import * as odegrad from "odegrad";
import * as threads from "odegrad/threads";
import { refusalScenario, threadsScenario } from "../../build/tests/threads-scenario.mjs";
import { UNISOLATED } from "./queries.mjs";

globalThis.checks =
  location.search === UNISOLATED ? refusalScenario(odegrad, threads) : threadsScenario(odegrad, threads);
