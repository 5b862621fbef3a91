/** Light or dark: what the system prefers, unless the reader chose. */

import { effect } from "@preact/signals";

import { scheme, systemDark, view } from "../state/session";
import { decodeView } from "../state/url";

export function followTheme(): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  systemDark.value = dark.matches;
  dark.addEventListener("change", ({ matches }) => (systemDark.value = matches));
  view.value = decodeView(globalThis.location.hash);
  effect(() => {
    document.documentElement.dataset.theme = scheme.value;
  });
}
