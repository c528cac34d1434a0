// Binaries with relaxed SIMD, so built that the library can make the plain build of them in place (ts/wasm/unfused.ts): of two
// builds one travels.

const [CODE_SECTION, TYPE_SECTION, FUNCTION_SECTION] = [10, 1, 3];
const [LOCAL_GET, LOCAL_SET, NOP, SIMD, V128] = [0x20, 0x21, 0x01, 0xfd, 0x7b];

/** A number in base 128 as WebAssembly writes it, low digits first. */
const leb = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)]);

/** Reads what WebAssembly writes. */
class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  number() {
    const digit = this.byte();
    return digit < 128 ? digit : (digit & 127) + 128 * this.number();
  }

  take(length) {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** As many things as the number in front of them says. */
  list(read) {
    return Array.from({ length: this.number() }, () => read(this));
  }
}

/** The sections of a module, each with its number and contents. */
function sectionsOf(module) {
  const reader = new Reader(module, 8);
  const sections = [];
  while (reader.at < module.length) {
    const id = reader.byte();
    sections.push({ id, contents: reader.take(reader.number()) });
  }
  return sections;
}

/** The number of parameters of each function of the code section. */
function parametersOf(sections) {
  const contents = (id) => new Reader(sections.find((section) => section.id === id).contents);
  const types = contents(TYPE_SECTION).list((reader) => {
    reader.byte();
    const [parameters] = [reader.list((each) => each.byte()), reader.list((each) => each.byte())];
    return parameters.length;
  });
  return contents(FUNCTION_SECTION).list((reader) => types[reader.number()]);
}

/** Whether `relaxed_madd` of f32x4 or f64x2 stands here. */
const isFused = (code, i) => code[i] === SIMD && (code[i + 1] === 0x85 || code[i + 1] === 0x87) && code[i + 2] === 0x02;

function spacedBody(body, parameters) {
  const reader = new Reader(body);
  const groups = reader.list((each) => ({ count: each.number(), type: each.byte() }));
  const code = body.subarray(reader.at);
  const spare = groups.reduce((sum, { count }) => sum + count, parameters);
  const bytes = [];
  for (let i = 0; i < code.length; i++) {
    if (!isFused(code, i)) bytes.push(code[i]);
    else {
      bytes.push(LOCAL_SET, spare, LOCAL_GET, spare, ...code.subarray(i, i + 3), NOP, NOP, NOP);
      i += 2;
    }
  }
  if (bytes.length === code.length) return body;
  if (spare >= 128) throw new Error("a function with fused products has too many locals");
  groups.push({ count: 1, type: V128 });
  return [...leb(groups.length), ...groups.flatMap(({ count, type }) => [...leb(count), type]), ...bytes];
}

/**
 * The same module with room for the plain build: every a·b + c rounded once, which finds its operands on the stack, sets c aside
 * in a local of its own and fetches it again, and is followed by nothing, three times. Engines drop both.
 */
export function spaced(module) {
  const sections = sectionsOf(module);
  const parameters = parametersOf(sections);
  const bytes = [...module.subarray(0, 8)];
  for (const { id, contents } of sections) {
    let section = contents;
    if (id === CODE_SECTION) {
      const bodies = new Reader(contents).list((reader) => reader.take(reader.number()));
      section = [
        ...leb(bodies.length),
        ...bodies.flatMap((body, i) => {
          const made = spacedBody(body, parameters[i]);
          return [...leb(made.length), ...made];
        }),
      ];
    }
    bytes.push(id, ...leb(section.length), ...section);
  }
  return Uint8Array.from(bytes);
}
