// The fuzzers of `npm run fuzz`: lists of properties.
import { dosing } from "./dosing.ts";
import { bounces, gaps, units } from "./event-gradients.ts";
import { gradients } from "./gradients.ts";
import { balls, neurons, tank, thermostats } from "./hybrid.ts";
import { options } from "./options.ts";
import { type Property, property } from "./property.ts";
import { waves } from "./waves.ts";

export const FUZZERS: Readonly<Record<string, readonly Property[]>> = {
  events: [
    property(dosing),
    property(balls),
    property(neurons),
    property(thermostats),
    property(tank),
    property(waves),
    property(gaps),
    property(units),
    property(bounces),
  ],
  gradients: [property(gradients)],
  options: [property(options)],
};
