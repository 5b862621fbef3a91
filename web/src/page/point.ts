/** Leads the eye to the panel that a text speaks of. */

const POINTED = "pointed";

/** Bring a panel into view, from the top of the page on, and mark it; whether it is there. */
export function pointTo(panel: string): boolean {
  const place = panel === "plane" || panel === "space" ? ".hero" : `.view-${panel}`;
  const element = document.querySelector(place);
  if (!element) return false;
  document.querySelector(`.${POINTED}`)?.classList.remove(POINTED);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  globalThis.scrollTo({ top: 0, behavior: "instant" });
  // asks for the layout, so that a mark begins anew where it just was
  element.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
  element.classList.add(POINTED);
  return true;
}
