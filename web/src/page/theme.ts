/** Light or dark: what the system prefers, unless the reader chose. */

import { effect } from "@preact/signals";

import { scheme, systemDark, view } from "../state/session";
import { decode } from "../state/url";

export function followTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  systemDark.value = dark.matches;
  dark.addEventListener("change", ({ matches }) => (systemDark.value = matches));
  view.value = decode(globalThis.location.hash).view;
  effect(() => {
    document.documentElement.dataset.theme = scheme.value;
  });
}
