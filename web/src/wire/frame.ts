/** Binary frames of the server: a JSON header and the arrays that it lists. */

export type Numbers = Float32Array | Int32Array | Uint8Array;

export interface Entry {
  name: string;
  dtype: "f4" | "i4" | "u1";
  shape: number[];
  offset: number;
}

/** An array with its shape, in C order. */
export interface Tensor {
  data: Numbers;
  shape: number[];
}

export interface Decoded {
  header: Record<string, unknown> & { type: string };
  arrays: Record<string, Tensor>;
}

const MAGIC = "TGM1";
const PREFIX = 8;
const KINDS = { f4: Float32Array, i4: Int32Array, u1: Uint8Array } as const;

/** The header and arrays of a frame; the arrays are views into `buffer`. Throws on other bytes. */
export function decodeFrame(buffer: ArrayBuffer): Decoded {
  const view = new DataView(buffer);
  const magic = buffer.byteLength < PREFIX ? "" : text(buffer, 0, 4);
  if (magic !== MAGIC) throw new Error(`not a frame of this protocol: it starts with "${magic}"`);
  const length = view.getUint32(4, true);
  const start = PREFIX + length;
  if (start > buffer.byteLength) throw new Error("a frame ends within its header");
  const header = JSON.parse(text(buffer, PREFIX, length)) as Decoded["header"];
  const arrays: Record<string, Tensor> = {};
  for (const entry of (header.arrays ?? []) as Entry[]) {
    arrays[entry.name] = { data: numbers(buffer, start, entry), shape: entry.shape };
  }
  return { header, arrays };
}

function numbers(buffer: ArrayBuffer, start: number, entry: Entry): Numbers {
  const Kind = KINDS[entry.dtype];
  if (!Kind) throw new Error(`array ${entry.name} has the unknown type ${entry.dtype}`);
  const length = entry.shape.reduce((size, side) => size * side, 1);
  if (start + entry.offset + length * Kind.BYTES_PER_ELEMENT > buffer.byteLength) {
    throw new Error(`array ${entry.name} ends outside its frame`);
  }
  return new Kind(buffer, start + entry.offset, length);
}

function text(buffer: ArrayBuffer, start: number, length: number): string {
  return new TextDecoder().decode(new Uint8Array(buffer, start, length));
}
