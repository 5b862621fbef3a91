/** Keys that work anywhere on the page, but not while something is typed. */

import { restart, runOrPause, select, startDictionary, step, trainOrStop } from "../state/actions";
import { helpOpen } from "../panels/help";
import { look, view } from "../state/session";
import { TABS } from "../state/view";
import { fillScreen, present, presenting } from "./present";
import { alongRanking } from "./ranking";
import { currentScene } from "./stage";

/** What a pointer pressed last: a Space after it is the page's, not a second press. */
let pressed: Element | null = null;

/** Elements with a use of their own for the key. */
function taken(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement;
  if (target.closest("dialog[open], details.menu[open]")) return true;
  const typing = target.matches("input:not([type=range]):not([type=checkbox]), select, textarea");
  const pressing = event.key === " " && target.matches("button, summary, a, input[type=checkbox]");
  return typing || (pressing && target !== pressed);
}

const ACTIONS: Record<string, () => void> = {
  " ": () => (view.value.tab === "dictionary" ? trainOrStop() : runOrPause()),
  r: () => (view.value.tab === "dictionary" ? startDictionary() : restart()),
  ".": () => step(),
  "?": () => void (helpOpen.value = true),
  "3": () => look({ mode: view.value.mode === "3d" ? "2d" : "3d" }),
  b: () => select(null),
  n: nextModel,
  f: fillScreen,
  p: () => present(),
};

/** The model of the next higher loss. */
function nextModel(): void {
  const scene = currentScene();
  if (scene) alongRanking(scene, 1);
}

export function listenForKeys(): void {
  document.addEventListener("pointerdown", ({ target }) => {
    pressed = (target as Element).closest("button, summary");
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Tab") pressed = null;
    if (event.ctrlKey || event.metaKey) return;
    if (event.altKey) {
      const tab = TABS[Number(event.key) - 1];
      if (tab) {
        event.preventDefault();
        look({ tab });
      }
      return;
    }
    if (event.key === "Escape" && presenting.value && !taken(event)) return present(false);
    const action = ACTIONS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action || taken(event)) return;
    event.preventDefault();
    if (event.target === pressed) (event.target as HTMLElement).blur(); // else it is pressed anew
    action();
  });
}
