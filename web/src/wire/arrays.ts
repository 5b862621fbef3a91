/** The array of rows in a file, .npy or .safetensors: what `tegum.Samples` reads, and no more of it. */

import { isObject } from "./json";

/** Where the numbers of an array lie, of which kind they are, and how many rows and columns there are. */
interface Layout {
  dtype: string;
  shape: number[];
  start: number;
  /** Column by column. */
  turned: boolean;
}

/** An array of the bytes; a whole number of 64 bits is the nearest double. */
const READERS: Record<string, (view: DataView, at: number, little: boolean) => number> = {
  b1: (view, at) => Number(view.getUint8(at) !== 0),
  i1: (view, at) => view.getInt8(at),
  u1: (view, at) => view.getUint8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  u2: (view, at, little) => view.getUint16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
  i8: (view, at, little) => Number(view.getBigInt64(at, little)),
  u8: (view, at, little) => Number(view.getBigUint64(at, little)),
  f2: (view, at, little) => half(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

function half(bits: number): number {
  const [sign, exponent, rest] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return rest ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 25) * (1024 + rest) : 2 ** -24 * rest);
}

const text = (bytes: ArrayBuffer, from: number, to: number): string =>
  new TextDecoder().decode(new Uint8Array(bytes, from, to - from));

/** The end of a header, which must lie within the file. */
function headerEnd(bytes: ArrayBuffer, start: number, length: number): number {
  if (!(start + length <= bytes.byteLength)) throw new Error("the file ends within its header");
  return start + length;
}

function ofNpy(bytes: ArrayBuffer): Layout {
  const view = new DataView(bytes);
  if (bytes.byteLength < 12 || text(bytes, 1, 6) !== "NUMPY") throw new Error("it is no .npy file");
  const old = view.getUint8(6) === 1;
  const [from, length] = old ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const end = headerEnd(bytes, from, length);
  const header = text(bytes, from, end);
  const dtype = /'descr': '([<>=|]?\w+)'/.exec(header)?.[1];
  const shape = /'shape': \(([\d, ]*)\)/.exec(header)?.[1];
  if (dtype === undefined || shape === undefined) throw new Error("it holds no array of numbers");
  const sizes = shape.split(",").filter((size) => size.trim() !== "");
  const turned = /'fortran_order': True/.test(header);
  return { dtype, shape: sizes.map(Number), start: end, turned };
}

/** What safetensors calls kinds of numbers. */
const TENSORS: Record<string, string> = {
  ...{ F64: "f8", F32: "f4", F16: "f2", BOOL: "b1", I64: "i8", I32: "i4", I16: "i2", I8: "i1" },
  ...{ U64: "u8", U32: "u4", U16: "u2", U8: "u1" },
};

function ofSafetensors(bytes: ArrayBuffer): Layout {
  if (bytes.byteLength < 8) throw new Error("it is no .safetensors file");
  const end = headerEnd(bytes, 8, Number(new DataView(bytes).getBigUint64(0, true)));
  let header: unknown;
  try {
    header = JSON.parse(text(bytes, 8, end));
  } catch {
    throw new Error("it is no .safetensors file");
  }
  const arrays = Object.entries(isObject(header) ? header : {});
  const named = arrays.filter(([name]) => name !== "__metadata__");
  const found = named.find(([name]) => name === "x") ?? (named.length === 1 ? named[0] : undefined);
  if (!found) throw new Error(`it must hold one array, or one called x, not ${named.length}`);
  const { dtype, shape, data_offsets } = isObject(found[1]) ? found[1] : {};
  if (!Array.isArray(shape) || !Array.isArray(data_offsets)) throw new Error("it holds no array");
  const kind = TENSORS[String(dtype)] ?? String(dtype);
  return {
    dtype: kind,
    shape: shape.map(Number),
    start: end + Number(data_offsets[0]),
    turned: false,
  };
}

/** The rows in the bytes of a file, `most` numbers at most. Throws an Error of a line. */
export function rowsIn(bytes: ArrayBuffer, name: string, most: number): number[][] {
  const isNpy = name.endsWith(".npy");
  if (!isNpy && !name.endsWith(".safetensors"))
    throw new Error("a data set is a .npy or .safetensors file");
  const { dtype, shape, start, turned } = isNpy ? ofNpy(bytes) : ofSafetensors(bytes);
  const kind = dtype.replace(/^[<>=|]/, "");
  const read = READERS[kind];
  if (!read) throw new Error(`its numbers are ${dtype}: they must be real`);
  const [T = 0, n = 0] = shape;
  if (shape.length !== 2 || !(T >= 1) || !(n >= 1))
    throw new Error(`it must have rows of features (T, n); its shape is (${shape.join(", ")})`);
  if (T * n > most) throw new Error(`it has ${T} × ${n} numbers: ${most} at most are taken here`);
  const size = Number(kind.slice(1));
  if (!(start + T * n * size <= bytes.byteLength))
    throw new Error("the file ends within its numbers");
  const view = new DataView(bytes);
  const little = !dtype.startsWith(">");
  const at = (t: number, i: number): number => start + size * (turned ? i * T + t : t * n + i);
  return Array.from({ length: T }, (_, t) =>
    Array.from({ length: n }, (_, i) => {
      const value = read(view, at(t, i), little);
      if (!Number.isFinite(value)) throw new Error(`x[${t}][${i}] must be finite; it is ${value}`);
      return value;
    }),
  );
}
