// Colours that people with any colour vision tell apart (Okabe and Ito 2008,
// without black and yellow) and that show on white as well as on black paper; grey for everything that is not a series.

export const SERIES_COLORS: readonly string[] = [
  "#0072b2", // blue
  "#d55e00", // vermilion
  "#009e73", // green
  "#cc79a7", // purple
  "#e69f00", // orange
  "#56b4e9", // sky
];

/** Contrast 4.5 : 1 with white and 4.6 : 1 with black. */
export const TEXT_COLOR = "#767676";
export const LINE_COLOR = "#808080";
