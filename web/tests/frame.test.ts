import { describe, expect, it } from "vitest";

import { decodeFrame } from "../src/wire/frame";
import { socketAddress } from "../src/wire/socket";
import { Scene, weightsOf } from "../src/views/scene";

/** A frame written byte by byte, as the protocol describes it. */
function frame(header: object, body: number[]): ArrayBuffer {
  let text = JSON.stringify(header);
  while (text.length % 8 !== 0) text += " ";
  const bytes = [0x54, 0x47, 0x4d, 0x31]; // TGM1
  bytes.push(text.length & 255, (text.length >> 8) & 255, 0, 0);
  bytes.push(...new TextEncoder().encode(text), ...body);
  return Uint8Array.from(bytes).buffer;
}

/** IEEE 754 single precision, little endian, by hand. */
const ONE = [0, 0, 0x80, 0x3f];
const MINUS_TWO = [0, 0, 0, 0xc0];
const HALF = [0, 0, 0, 0x3f];
const NAN = [0, 0, 0xc0, 0x7f];

describe("decodeFrame", () => {
  it("reads arrays of every type at their places", () => {
    const arrays = [
      { name: "W", dtype: "f4", shape: [1, 2], offset: 0 },
      { name: "losses", dtype: "f4", shape: [2], offset: 8 },
      { name: "steps", dtype: "i4", shape: [2], offset: 16 },
      { name: "flags", dtype: "u1", shape: [3], offset: 24 },
    ];
    const body = [...ONE, ...MINUS_TWO, ...HALF, ...NAN, 1, 1, 0, 0, 255, 255, 255, 255, 7, 8, 9];
    const { header, arrays: found } = decodeFrame(frame({ type: "frame", step: 12, arrays }, body));
    expect(header).toMatchObject({ type: "frame", step: 12 });
    expect([...found.W!.data]).toEqual([1, -2]);
    expect(found.W!.shape).toEqual([1, 2]);
    expect([...found.losses!.data]).toEqual([0.5, Number.NaN]);
    expect([...found.steps!.data]).toEqual([257, -1]);
    expect([...found.flags!.data]).toEqual([7, 8, 9]);
  });

  it("refuses bytes that are no frame, and arrays that end outside it", () => {
    expect(() => decodeFrame(new ArrayBuffer(4))).toThrow("not a frame");
    expect(() => decodeFrame(Uint8Array.from([0x54, 0x47, 0x4d, 0x32, 0, 0, 0, 0]).buffer)).toThrow(
      "TGM2",
    );
    expect(() =>
      decodeFrame(Uint8Array.from([0x54, 0x47, 0x4d, 0x31, 80, 0, 0, 0]).buffer),
    ).toThrow("ends within");
    const arrays = [{ name: "W", dtype: "f4", shape: [2, 2], offset: 0 }];
    expect(() => decodeFrame(frame({ type: "frame", arrays }, ONE))).toThrow("W ends outside");
    const odd = [{ name: "W", dtype: "f8", shape: [1], offset: 0 }];
    expect(() => decodeFrame(frame({ type: "frame", arrays: odd }, ONE))).toThrow(
      "unknown type f8",
    );
  });
});

describe("weightsOf", () => {
  const tensor = (values: number[], shape: number[]) => ({
    data: Float32Array.from(values),
    shape,
  });

  it("takes W as encoder and decoder, and a missing bias as 0", () => {
    const weights = weightsOf({ W: tensor([1, 2, 3, 4, 5, 6], [2, 3]) })!;
    expect([weights.m, weights.n, [...weights.b]]).toEqual([2, 3, [0, 0, 0]]);
    expect(weights.out).toBe(weights.W);
  });

  it("puts what output i receives of feature j at (i, j) when the matrices are apart", () => {
    // W_in: feature 1 to hidden 0; W_out: hidden 0 to output 2.
    const weights = weightsOf({
      W_in: tensor([0, 1, 0], [1, 3]),
      W_out: tensor([0, 0, 2], [3, 1]),
    })!;
    const scene = new Scene(weights, [], "light");
    expect([...scene.received]).toEqual([0, 0, 0, 0, 0, 0, 0, 2, 0]);
    expect(scene.tied).toBe(false);
  });
});

describe("socketAddress", () => {
  it("is beside the page, without its fragment, and secure where the page is", () => {
    const at = (href: string) => socketAddress(new URL(href) as unknown as Location);
    expect(at("http://127.0.0.1:8642/#/live?n=5")).toBe("ws://127.0.0.1:8642/ws");
    expect(at("https://host/tegum/#/x")).toBe("wss://host/tegum/ws");
  });
});
