// A finished picture: its SVG text, and how notebooks find it.

/** A finished picture. */
export class Plot {
  /** The picture: one complete `<svg>` element. It brings no scripts, styles or ids, so it can be put into any page. */
  readonly svg: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;

  /** `plot` and `chart` make them. */
  constructor(svg: string, width: number, height: number) {
    this.svg = svg;
    this.width = width;
    this.height = height;
    // A Deno Jupyter notebook asks the last value of a cell for this method, and the picture shows itself. A method of
    // the class would need a name that isolated declarations cannot write.
    const value = (): Record<string, string> => ({ "image/svg+xml": svg });
    Object.defineProperty(this, Symbol.for("Jupyter.display"), { value });
  }

  /** The same as `svg`. */
  toString(): string {
    return this.svg;
  }
}
