/** Binary frames, as `wire/frame.ts` reads them. */

import type { Tensor } from "../wire/frame";

const ALIGN = 8;

const padded = (length: number): number => Math.ceil(length / ALIGN) * ALIGN;

const dtype = ({ data }: Tensor): string => {
  if (data instanceof Float32Array) return "f4";
  return data instanceof Int32Array ? "i4" : "u1";
};

/** The frame of a header and named arrays; NaN in the header becomes null. */
export function encodeFrame(header: object, arrays: Record<string, Tensor>): ArrayBuffer {
  let offset = 0;
  const described = Object.entries(arrays).map(([name, tensor]) => {
    const entry = { name, dtype: dtype(tensor), shape: tensor.shape, offset };
    offset += padded(tensor.data.byteLength);
    return entry;
  });
  const text = new TextEncoder().encode(JSON.stringify({ ...header, arrays: described }));
  const length = padded(text.length);
  const bytes = new Uint8Array(ALIGN + length + offset);
  bytes.set([0x54, 0x47, 0x4d, 0x31]); // TGM1
  new DataView(bytes.buffer).setUint32(4, length, true);
  bytes.fill(0x20, ALIGN, ALIGN + length);
  bytes.set(text, ALIGN);
  described.forEach(({ name, offset: at }) => {
    const { data } = arrays[name]!;
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    bytes.set(raw, ALIGN + length + at);
  });
  return bytes.buffer;
}

/** An array of numbers with its shape. */
export const tensor = (data: ArrayLike<number>, ...shape: number[]): Tensor => ({
  data: data instanceof Float32Array ? data : Float32Array.from(data),
  shape,
});

export const integers = (data: ArrayLike<number>, ...shape: number[]): Tensor => ({
  data: Int32Array.from(data),
  shape,
});
