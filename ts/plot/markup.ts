// SVG text: elements, escaped text, short numbers, and the width that a text will roughly take.

type Attributes = Readonly<Record<string, string | number | undefined>>;

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

// What XML 1.0 cannot carry, not even escaped: control characters, lone surrogates and the two non-characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu;

/** Text made safe for elements and attributes. */
export const escapeText = (text: string): string =>
  text.replace(FORBIDDEN, "\ufffd").replace(/[&<>"']/g, (character) => ENTITIES[character]);

/** Two decimals: a hundredth of a pixel cannot be seen, and the file stays small. */
export const short = (value: number): string => String(Math.round(value * 100) / 100 || 0);

/** An element; attributes that are undefined are left out, children are markup already. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  let tag = `<${name}`;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    tag += ` ${key}="${typeof value === "number" ? short(value) : escapeText(value)}"`;
  }
  return children.length === 0 ? `${tag}/>` : `${tag}>${children.join("")}</${name}>`;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻";

/**
 * Text with its superscripts as raised digits, for elements. Fonts that lack the characters ⁻ and ⁴ … ⁹ would leave a gap,
 * and 5×10⁻² would read 5×10 ².
 */
export function raised(text: string): string {
  return text
    .split(/([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)/)
    .map((part, i) => {
      if (i % 2 === 0) return escapeText(part);
      const digits = [...part].map((character) => "0123456789−"[SUPERSCRIPTS.indexOf(character)]).join("");
      return element("tspan", { dy: "-0.4em", "font-size": "75%" }, digits);
    })
    .join("");
}

// Widths in em of a typical sans serif. No font can be measured without a page, and the layout needs no more than this.
const NARROW = /[iljtfrI.,:;'|!()[\] ]/;
const WIDE = /[mwMW@%—]/;
const SUPERSCRIPT = /[⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉]/;

/** The approximate width of a text in pixels. */
export function textWidth(text: string, fontSize: number): number {
  let em = 0;
  for (const character of text) {
    if (NARROW.test(character)) em += 0.32;
    else if (SUPERSCRIPT.test(character)) em += 0.42;
    else if (WIDE.test(character)) em += 0.88;
    else em += character >= "A" && character <= "Z" ? 0.68 : 0.58;
  }
  return em * fontSize;
}
