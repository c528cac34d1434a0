// The page's program: bundled for browsers together with dist/ and run by browser.mjs, which has WebAssembly or may not.
import * as odegrad from "odegrad";
import { policyScenario, scenario } from "../../build/tests/scenario.mjs";
import { FORBIDDEN } from "./queries.mjs";

globalThis.checks = location.search === FORBIDDEN ? policyScenario(odegrad) : scenario(odegrad);
