// odegrad/plot: the SVG is well-formed whatever goes in, gaps are gaps, ticks are what a person would draw.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SolveError } from "../../ts/base/errors.ts";
import { chart, type PlottableSolution, plot } from "../../ts/plot/index.ts";
import { escapeText } from "../../ts/plot/markup.ts";
import { ticksOf } from "../../ts/plot/ticks.ts";
import { solve } from "../../ts/solve.ts";

/** Throws unless the text is one element with balanced tags, quoted attributes, escaped text and XML characters only. */
function checkWellFormed(xml: string): void {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/);
  expect(xml).not.toMatch(/\p{Surrogate}/u);
  const open: string[] = [];
  let roots = 0;
  let rest = xml;
  while (rest !== "") {
    const tag = /^<(\/?)([a-z]+)((?: [a-zA-Z:-]+="(?:[^<>&"]|&(?:amp|lt|gt|quot|apos);)*")*)(\/?)>/.exec(rest);
    const text = /^(?:[^<>&]|&(?:amp|lt|gt|quot|apos);)+/.exec(rest);
    const part = tag ?? text;
    if (!part) throw new Error(`not XML: ${rest.slice(0, 80)}`);
    if (text && open.length === 0) throw new Error(`text outside the root: ${text[0]}`);
    if (tag) {
      const [, isEnd, name, attributes, isEmpty] = tag;
      const names = [...attributes.matchAll(/ ([a-zA-Z:-]+)=/g)].map(([, attribute]) => attribute);
      expect(new Set(names).size, `attributes of ${tag[0]}`).toBe(names.length);
      if (isEnd) expect(open.pop()).toBe(name);
      else {
        if (open.length === 0) roots++;
        if (!isEmpty) open.push(name);
      }
    }
    rest = rest.slice(part[0].length);
  }
  expect(open).toEqual([]);
  expect(roots).toBe(1);
}

/** The longest `d` of the paths with this colour (the legend has short ones); "" where there is none. */
const pathOf = (svg: string, color: string): string =>
  [...svg.matchAll(new RegExp(`<path d="([^"]*)"[^>]* stroke="${color}"`, "g"))]
    .map(([, d]) => d)
    .reduce((longest, d) => (d.length > longest.length ? d : longest), "");
const count = (text: string, part: string): number => text.split(part).length - 1;
const labelsOf = (low: number, high: number, scale: "linear" | "log", wanted: number): string[] =>
  ticksOf(low, high, scale, wanted)
    .map(({ label }) => label)
    .filter(Boolean);

const solution: PlottableSolution = {
  ts: [0, 1, 2],
  ys: [1, 2, 3, 4, 5, 6],
  grid: [0, 0.5, 2],
  stats: { rejected: 1 },
};

describe("chart", () => {
  it("is well-formed for any numbers, labels and scales", () => {
    const numbers = fc.array(fc.double(), { maxLength: 12 });
    const label = fc.option(fc.string({ unit: "binary" }), { nil: undefined });
    const scale = fc.constantFrom("linear" as const, "log" as const);
    const style = fc.constantFrom("line", "dashed", "points", "crosses");
    const options = fc.record({
      series: fc.array(
        fc.tuple(numbers, numbers, label, style).map(([x, y, text, looks]) => {
          const length = Math.min(x.length, y.length);
          return { x: x.slice(0, length), y: y.slice(0, length), label: text, style: looks };
        }),
        { maxLength: 4 },
      ),
      title: label,
      xLabel: label,
      yLabel: label,
      xScale: scale,
      yScale: scale,
    });
    fc.assert(
      fc.property(options, (given) => {
        const { svg } = chart(given as Parameters<typeof chart>[0]);
        checkWellFormed(svg);
        const written = JSON.stringify(given);
        for (const word of ["NaN", "Infinity", "undefined"])
          if (!written.includes(word)) expect(svg).not.toContain(word);
      }),
      { numRuns: 300 },
    );
  });

  it("draws extreme and indistinguishable values", () => {
    const extremes = [
      [-1.7e308, 1.7e308],
      [5e-324, 1e-323],
      [1e-310, 2e-300],
      [1, 1 + 2 ** -52],
      [0, 0],
      [1e16, 1e16 + 2],
      [-1e300, 1e300],
      [1e-300, 1e300],
    ];
    for (const y of extremes) {
      for (const yScale of ["linear", "log"] as const) {
        const { svg } = chart({ series: [{ x: [0, 1], y }], yScale });
        checkWellFormed(svg);
        expect(svg, String(y)).not.toMatch(/NaN|Infinity/);
        expect(svg.length).toBeLessThan(20_000);
      }
    }
  });

  it("escapes what users write", () => {
    const { svg } = chart({
      series: [{ x: [0, 1], y: [0, 1], label: `<script>alert("x")</script>`, color: `"><script>` }],
      title: `a < b & "c" 'd' \u0000 \ud800`,
      xLabel: "<x>",
      yLabel: "a long <y>",
    });
    checkWellFormed(svg);
    expect(svg).not.toContain("<script");
    expect(svg).toContain("a &lt; b &amp; &quot;c&quot; &apos;d&apos; � �");
    expect(svg).toContain(">&lt;x&gt;</text>");
    expect(svg).toContain(">a long &lt;y&gt;</text>");
    expect(escapeText("🌀")).toBe("🌀");
  });

  it("leaves gaps where values cannot be shown", () => {
    const x = [0, 1, 2, 3, 4, 5];
    const y = [1, 2, Number.NaN, 3, Number.POSITIVE_INFINITY, 2];
    const { svg } = chart({ series: [{ x, y, color: "#123456" }] });
    expect(svg).not.toMatch(/NaN|Infinity/);
    // Two joined points, then two that stand alone.
    expect(count(pathOf(svg, "#123456"), "M")).toBe(3);
    expect(count(pathOf(svg, "#123456"), "L")).toBe(1);
    const logarithmic = chart({ series: [{ x, y: [1, 0, -1, 10, 100, 1], color: "#123456" }], yScale: "log" });
    expect(count(pathOf(logarithmic.svg, "#123456"), "M")).toBe(2);
    expect(count(pathOf(logarithmic.svg, "#123456"), "L")).toBe(2);
    const empty = chart({ series: [{ x: [Number.NaN], y: [1], color: "#123456" }] });
    expect(pathOf(empty.svg, "#123456")).toBe("");
  });

  it("keeps long series short, and their extremes", () => {
    const length = 200_000;
    const x = Float64Array.from({ length }, (_, i) => i);
    const y = Float64Array.from({ length }, (_, i) => (i === 123_456 ? 5 : Math.sin(i / 1e4)));
    const { svg } = chart({ series: [{ x, y, color: "#123456" }] });
    expect(svg.length).toBeLessThan(120_000);
    const heights = [...pathOf(svg, "#123456").matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, height]) => Number(height));
    expect(Math.min(...heights)).toBeLessThan(40);
  });

  it("cuts off what lies outside a given range", () => {
    const { svg } = chart({ series: [{ x: [0, 1], y: [-1e300, 1e300], label: "a" }], yRange: [-1, 1] });
    checkWellFormed(svg);
    expect(svg).toMatch(/<svg [^>]*overflow="hidden"><path/);
    expect(svg).not.toMatch(/e\+/);
  });

  it("refuses what it cannot draw, by name", () => {
    const series = [{ x: [0, 1], y: [0, 1] }];
    const bad: [object, RegExp][] = [
      [{ series: undefined }, /^series is undefined/],
      [{ series: [{ x: [0, 1], y: [0] }] }, /^series\[0\]\.y .* 2/],
      [{ series: [{ ...series[0], style: "dotted" }] }, /^series\[0\]\.style is "dotted"; allowed: "line"/],
      [{ series, yScale: "ln" }, /^yScale is "ln"; allowed: "linear", "log"/],
      [{ series, xRange: [1, 1] }, /^xRange .*low < high/],
      [{ series, xRange: [0, 5e-324] }, /^xRange .*low < high/],
      [{ series, yScale: "log", yRange: [0, 1] }, /^yRange .*positive/],
      [{ series, width: Number.NaN }, /^width is NaN/],
      [{ series, height: 1 }, /^height is 1/],
    ];
    for (const [options, message] of bad) {
      const draw = () => chart(options as Parameters<typeof chart>[0]);
      expect(draw).toThrow(message);
      expect(draw).toThrow(expect.objectContaining({ code: "invalid" }));
    }
  });
});

describe("ticks", () => {
  it("are round numbers without rounding's dust", () => {
    expect(labelsOf(0, 1, "linear", 5)).toEqual(["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
    expect(labelsOf(-0.31, 0.31, "linear", 6)).toEqual(["−0.2", "0", "0.2"]);
    expect(labelsOf(-25, 25, "linear", 5)).toEqual(["−20", "−10", "0", "10", "20"]);
    expect(labelsOf(0, 2e6, "linear", 4)).toEqual(["0", "0.5×10⁶", "1.0×10⁶", "1.5×10⁶", "2.0×10⁶"]);
    expect(labelsOf(1e-9, 4e-9, "linear", 3)).toEqual(["1×10⁻⁹", "2×10⁻⁹", "3×10⁻⁹", "4×10⁻⁹"]);
  });

  it("have their exponents as raised digits, since not every font has the characters for them", () => {
    const { svg } = chart({ yScale: "log", series: [{ x: [0, 1, 2], y: [1e-8, 1e-5, 1e-2] }] });
    expect(svg).toContain('10<tspan dy="-0.4em" font-size="75%">−8</tspan>');
    expect(svg).not.toMatch(/[⁻⁰⁴-⁹]/);
    checkWellFormed(svg);
  });

  it("are powers of ten on a log scale, thinned where there are many", () => {
    expect(labelsOf(1e-6, 1, "log", 8)).toEqual(["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "10⁰"]);
    expect(labelsOf(1e-12, 1, "log", 4)).toEqual(["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "10⁰"]);
    expect(labelsOf(0.01, 100, "log", 6)).toEqual(["0.01", "0.1", "1", "10", "100"]);
    expect(labelsOf(1, 100, "log", 6)).toEqual(["1", "2", "5", "10", "20", "50", "100"]);
    expect(labelsOf(2, 2.5, "log", 5)).toEqual(["2.0", "2.1", "2.2", "2.3", "2.4", "2.5"]);
  });

  it("lie within the range, ascend, and are few, whatever the range", () => {
    const range = fc
      .tuple(fc.double({ min: -1e12, max: 1e12, noNaN: true }), fc.double({ min: 1e-9, max: 1e12, noNaN: true }))
      .filter(([low, span]) => span > 1e-9 * Math.abs(low));
    fc.assert(
      fc.property(range, fc.integer({ min: 2, max: 12 }), ([low, span], wanted) => {
        const ticks = ticksOf(low, low + span, "linear", wanted).map(({ value }) => value);
        expect(ticks.length).toBeGreaterThan(0);
        expect(ticks.length).toBeLessThanOrEqual(wanted + 1);
        for (let i = 1; i < ticks.length; i++) expect(ticks[i]).toBeGreaterThan(ticks[i - 1]);
        expect(ticks[0]).toBeGreaterThanOrEqual(low - 1e-6 * span);
        expect(ticks[ticks.length - 1]).toBeLessThanOrEqual(low + span * (1 + 1e-6));
      }),
    );
  });
});

describe("plot", () => {
  it("shows itself in notebooks and as text", () => {
    const picture = plot(solution, { title: "three states" });
    checkWellFormed(picture.svg);
    expect(String(picture)).toBe(picture.svg);
    const display = (picture as unknown as Record<symbol, () => unknown>)[Symbol.for("Jupyter.display")];
    expect(display()).toEqual({ "image/svg+xml": picture.svg });
  });

  it("draws components over time, by name", () => {
    const { svg } = plot(solution);
    expect(svg).toContain(">y₁</text>");
    expect(svg).toContain(">y₂</text>");
    const one = plot(solution, { components: [1], labels: ["height"] }).svg;
    expect(one).toContain(">height</text>");
    expect(one).not.toContain("y₁");
  });

  it("draws phase portraits of pairs of components", () => {
    const { svg } = plot(solution, { kind: "phase", labels: ["angle", "velocity"] });
    checkWellFormed(svg);
    expect(svg).toContain(">angle</text>");
    expect(svg).toContain(">velocity</text>");
  });

  it("draws step sizes and rejected attempts, recorded or not", () => {
    const { svg } = plot(solution, { kind: "steps" });
    checkWellFormed(svg);
    expect(svg).toContain("accepted: 2");
    expect(svg).toContain("rejected: 1 (not recorded)");
    expect(pathOf(svg, "#0072b2")).toMatch(/^M.*M/);
    const recorded = plot({ ...solution, rejections: [{ t: 0.5, h: 3 }] }, { kind: "steps" }).svg;
    expect(recorded).toContain("rejected: 1<");
    expect(pathOf(recorded, "#d55e00")).toMatch(/^M/);
    expect(plot({ ...solution, stats: { rejected: 0 } }, { kind: "steps" }).svg).not.toContain("rejected");
  });

  it("draws smooth curves where the solution is dense, copying what `at` returns", () => {
    const state = new Float64Array(2);
    const at = (t: number) => {
      state.set([Math.cos(t), Math.sin(t)]);
      return state;
    };
    const smooth = plot({ ...solution, at }, { kind: "phase" }).svg;
    const straight = plot({ ...solution, at }, { kind: "phase", at: false }).svg;
    expect(count(pathOf(smooth, "#0072b2"), "L")).toBeGreaterThan(100);
    expect(count(pathOf(straight, "#0072b2"), "L")).toBe(2);
    const given = plot({ ...solution, at }, { kind: "phase", at: [0, 0.1, 0.2, 0.3] }).svg;
    expect(count(pathOf(given, "#0072b2"), "L")).toBe(3);
  });

  it("draws straight lines where the solution keeps no interpolants, and hides no other failure", () => {
    const refuse = (code: "invalid" | "non-finite") => () => {
      throw new SolveError(code, "no");
    };
    expect(plot({ ...solution, at: refuse("invalid") }).svg).toBe(plot(solution).svg);
    expect(() => plot({ ...solution, at: refuse("non-finite") })).toThrow(/no/);
  });

  it("takes what solve returns, dense or not", () => {
    const vanDerPol = (_t: number, y: ArrayLike<number>, dy: { [index: number]: number }) => {
      dy[0] = y[1];
      dy[1] = 10 * (1 - y[0] ** 2) * y[1] - y[0];
    };
    for (const dense of [true, false]) {
      const solved = solve(vanDerPol, { y0: [2, 0], ts: [0, 10, 20], dense });
      for (const kind of ["time", "phase", "steps"] as const) checkWellFormed(plot(solved, { kind }).svg);
      expect(count(pathOf(plot(solved, { kind: "phase" }).svg, "#0072b2"), "L")).toBeGreaterThan(dense ? 100 : 1);
      const { accepted, rejected } = solved.stats;
      expect(rejected).toBeGreaterThan(0);
      const { svg } = plot(solved, { kind: "steps" });
      expect(svg).toContain(`accepted: ${accepted}<`);
      expect(svg).toContain(`rejected: ${rejected}<`);
      // A cross has two strokes.
      expect(count(pathOf(svg, "#d55e00"), "M")).toBe(rejected);
    }
  });

  it("refuses what it cannot draw, by name", () => {
    const bad: [object, object, RegExp][] = [
      [{}, {}, /^solution is .*await/],
      [{ ts: [0, 1], ys: [1, 2, 3] }, {}, /^solution\.ys/],
      [solution, { kind: "bars" }, /^kind is "bars"; allowed: "time", "phase" or "steps"/],
      [solution, { components: [2] }, /^components .* 0 to 1/],
      [solution, { components: [0, 1], labels: ["one"] }, /^labels .* 2 components/],
      [solution, { kind: "phase", components: [0] }, /^components .*pairs/],
      [{ ts: [0], ys: [1] }, { kind: "steps" }, /^solution\.grid/],
    ];
    for (const [given, options, message] of bad) {
      expect(() => plot(given as PlottableSolution, options)).toThrow(message);
    }
  });
});
