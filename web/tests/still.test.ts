import { describe, expect, it } from "vitest";

import { hideStill } from "../src/widget/still";

describe("the picture beside a widget", () => {
  const still = (of: string) => ({ dataset: { of }, style: { display: "" } });

  it("is hidden by the view of its own widget, while that is there", () => {
    const stills = [still("a"), still("b"), still("a")];
    const root = { querySelectorAll: () => stills } as unknown as ParentNode;
    const show = hideStill(root, "a");
    expect(stills.map((one) => one.style.display)).toEqual(["none", "", "none"]);
    show();
    expect(stills.map((one) => one.style.display)).toEqual(["", "", ""]);
  });
});
