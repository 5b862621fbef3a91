/** Leads the eye to the panel that a text speaks of. */

const POINTED = "pointed";
/** What a reader does who goes on alone. */
const OWN_WAY = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

let letGo = (): void => undefined;

/** Bring a panel into view, from the top of the page on, and mark it; whether it is there. */
export function pointTo(panel: string): boolean {
  const place = panel === "plane" || panel === "space" ? ".hero" : `.view-${panel}`;
  const element = document.querySelector(place);
  if (!element) return false;
  document.querySelector(`.${POINTED}`)?.classList.remove(POINTED);
  letGo();
  globalThis.scrollTo({ top: 0, behavior: "instant" });
  // asks for the layout, so that a mark begins anew where it just was
  bring(element);
  element.classList.add(POINTED);
  letGo = follow(element);
  return true;
}

function bring(element: Element): void {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
}

/** Keep it in view while it, or what is above it, grows: until the reader does something. */
function follow(element: Element): () => void {
  const growth = new ResizeObserver(() => bring(element));
  const stop = (): void => {
    growth.disconnect();
    for (const act of OWN_WAY) globalThis.removeEventListener(act, stop);
  };
  growth.observe(element);
  growth.observe(document.body);
  for (const act of OWN_WAY) globalThis.addEventListener(act, stop, { passive: true });
  return stop;
}
