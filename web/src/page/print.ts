/** Paper: the page is laid out for it, and all views are drawn, before it is printed. */

import { signal } from "@preact/signals";

import { loop } from "./stage";

/** Whether the page is being printed. */
export const printing = signal(false);

function layOut(on: boolean): void {
  printing.value = on;
  document.documentElement.toggleAttribute("data-printing", on);
  loop.drawAll();
}

export function preparePrints(): void {
  globalThis.addEventListener("beforeprint", () => layOut(true));
  globalThis.addEventListener("afterprint", () => layOut(false));
}
