// Many random runs with events, their seeds fixed: none is wrong, none throws. `npm run fuzz events` tries more.
import { expect, it } from "vitest";
import { dosing } from "../fuzz/dosing.ts";
import { balls, neurons, thermostats } from "../fuzz/hybrid.ts";
import { Draw, type Property, property } from "../fuzz/property.ts";

it.each([0, 1e6, 1.7e9])("dosing from t0 = %d, on and off the grid: 0 wrong of 300", (origin) => {
  for (let seed = 1; seed <= 300; seed++) {
    const input = { ...dosing.draw(new Draw(seed)), origin };
    expect(dosing.wrong(input), JSON.stringify(input)).toBeUndefined();
  }
});

it.each<[string, number, Property]>([
  ["balls, some of them equal", 300, property(balls)],
  ["neurons, up to a hundred equal ones", 50, property(neurons)],
  ["thermostats", 100, property(thermostats)],
])("%s: 0 wrong of %d", (_, runs, { draw, wrong }) => {
  for (let seed = 1; seed <= runs; seed++) {
    const input = draw(new Draw(seed));
    expect(wrong(input), JSON.stringify(input)).toBeUndefined();
  }
});
