// The fixtures of tests/golden, part of the bundle so that a page has them too.
import f00 from "../golden/fixtures/00_dopri5_1e-06.json" with { type: "json" };
import f02 from "../golden/fixtures/02_dopri5_1e-06.json" with { type: "json" };
import f03 from "../golden/fixtures/03_dopri5_0.001.json" with { type: "json" };
import f05 from "../golden/fixtures/05_dopri5_0.001.json" with { type: "json" };
import f06 from "../golden/fixtures/06_dopri8_1e-08.json" with { type: "json" };
import f08 from "../golden/fixtures/08_dopri8_1e-08.json" with { type: "json" };
import f09 from "../golden/fixtures/09_bosh3_1e-05.json" with { type: "json" };
import f11 from "../golden/fixtures/11_bosh3_1e-05.json" with { type: "json" };
import f12 from "../golden/fixtures/12_adaptive_heun_0.0001.json" with { type: "json" };
import f14 from "../golden/fixtures/14_adaptive_heun_0.0001.json" with { type: "json" };
import f15 from "../golden/fixtures/15_euler_0.001.json" with { type: "json" };
import f16 from "../golden/fixtures/16_midpoint_0.001.json" with { type: "json" };

export const FIXTURES = [f00, f02, f03, f05, f06, f08, f09, f11, f12, f14, f15, f16];
