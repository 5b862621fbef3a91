/** Leads the eye to the panel that a text speaks of. */

/** How long a panel stays marked, in milliseconds. */
const MARKED = 2400;

/** Bring a panel into view and mark it for a while; whether it is there. */
export function pointTo(panel: string): boolean {
  const place = panel === "plane" || panel === "space" ? ".hero" : `.view-${panel}`;
  const element = document.querySelector(place);
  if (!element) return false;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  element.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
  element.classList.add("pointed");
  setTimeout(() => element.classList.remove("pointed"), MARKED);
  return true;
}
