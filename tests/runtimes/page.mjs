// The page's program: bundled for browsers together with dist/ and run by browser.mjs.
import * as odegrad from "odegrad";
import { scenario } from "../../build/tests/scenario.mjs";

globalThis.checks = scenario(odegrad);
