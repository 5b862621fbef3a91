/** For a room: the whole screen, and a page that can be read from its last row. */

import { signal } from "@preact/signals";

import { loop } from "./stage";

/** Whether type is larger, and only what is looked at and what a lesson names is there. */
export const presenting = signal(false);
/** Whether the page has the whole screen. */
export const fullScreen = signal(false);

/** Whether this browser gives a page the whole screen. */
export const canFill = (): boolean => document.fullscreenEnabled;

export function present(on = !presenting.value): void {
  presenting.value = on;
  document.documentElement.toggleAttribute("data-presenting", on);
  loop.invalidate();
}

/** A browser may refuse; then nothing changes. */
export function fillScreen(): void {
  if (!canFill()) return;
  const asked = fullScreen.value
    ? document.exitFullscreen()
    : document.documentElement.requestFullscreen();
  asked.catch(() => undefined);
}

export function followScreen(): void {
  document.addEventListener("fullscreenchange", () => {
    fullScreen.value = document.fullscreenElement !== null;
  });
}
