/** What makes the same picture for the same address everywhere: nothing in the kernel is a machine's own. */

import binaryen from "assemblyscript/binaryen";
import { describe, expect, it } from "vitest";

import { compileKernel } from "../assembly";

const { All, RelaxedSIMD } = binaryen.Features;
/** What WebAssembly says the result of, but for the bits of a NaN. */
const EXACT = All & ~RelaxedSIMD;

/** Whether all instructions of a module are of these features. */
function isOf(read: () => binaryen.Module, features: number): boolean {
  const module = read();
  module.setFeatures(features);
  const valid = module.validate() === 1;
  module.dispose();
  return valid;
}

describe("the kernel", () => {
  it("has no instruction that rounds as a machine likes, and no function from outside", async () => {
    const bytes = await compileKernel();
    const read = () => binaryen.readBinary(new Uint8Array(bytes));
    expect(isOf(read, EXACT)).toBe(true);
    expect(WebAssembly.Module.imports(await WebAssembly.compile(new Uint8Array(bytes)))).toEqual(
      [],
    );
  });

  it("would be found out", () => {
    const fused = `(module (func (export "f") (param v128) (result v128)
      (f32x4.relaxed_madd (local.get 0) (local.get 0) (local.get 0))))`;
    const read = () => binaryen.parseText(fused);
    expect(isOf(read, EXACT)).toBe(false);
    expect(isOf(read, All)).toBe(true);
  });
});
