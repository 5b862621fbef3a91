/**
 * Colour scales, the same as in the project's printed figures (tegum.plots.style).
 *
 * Categorical colours are those of Okabe and Ito; sequential scales rise in lightness all the
 * way; the diverging one runs from red through the paper's colour to blue.
 */

export type Rgb = readonly [number, number, number];
export type Scheme = "light" | "dark";

/** Categorical colours, in order. */
const CYCLE: Record<Scheme, readonly string[]> = {
  light: ["#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9"],
  dark: ["#3C9BE0", "#F07B2E", "#26BF93", "#F2B233", "#DE93BC", "#8FD0F7"],
};

/** viridis without the yellow that vanishes on white; without the violet that vanishes on black. */
const IMPORTANCE: Record<Scheme, readonly string[]> = {
  light: [
    "#440154",
    "#482979",
    "#3e4c8a",
    "#2f6b8e",
    "#24868e",
    "#1fa187",
    "#3fbc73",
    "#7cd250",
    "#cae11f",
  ],
  dark: ["#5f58b0", "#4a78b8", "#3a93b4", "#2fabaa", "#3dbf8c", "#72cf66", "#aadc45", "#e2e53b"],
};

/** −1 red, 0 the page's own surface, 1 blue. */
const SIGNED: Record<Scheme, readonly string[]> = {
  light: ["#b2182b", "#ee8662", "#ffffff", "#67a9cf", "#1c5fa8"],
  dark: ["#ff6b6b", "#a8473f", "#1b2028", "#2f6ea3", "#7fc0ff"],
};

/** Superposition of a feature: 0 dark blue, 1 or more yellow. */
const SHARED: readonly string[] = ["#10205c", "#1d5a96", "#2f9a8f", "#93c94e", "#f7e225"];

export function parse(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

export function css([r, g, b]: Rgb, alpha = 1): string {
  const parts = `${Math.round(r)}, ${Math.round(g)}, ${Math.round(b)}`;
  return alpha === 1 ? `rgb(${parts})` : `rgba(${parts}, ${alpha})`;
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}

/** The colour at t in [0, 1] of evenly spaced stops. */
export function along(stops: readonly string[], t: number): Rgb {
  const place = Math.min(Math.max(Number.isFinite(t) ? t : 0, 0), 1) * (stops.length - 1);
  const left = Math.min(Math.floor(place), stops.length - 2);
  return mix(parse(stops[left]!), parse(stops[left + 1]!), place - left);
}

export const cycle = (index: number, scheme: Scheme): Rgb =>
  parse(CYCLE[scheme][index % CYCLE[scheme].length]!);

/** Colour of a signed value, saturated at ±1. */
export const signed = (value: number, scheme: Scheme): Rgb =>
  along(SIGNED[scheme], (value + 1) / 2);

export const importance = (t: number, scheme: Scheme): Rgb => along(IMPORTANCE[scheme], t);
export const shared = (t: number): Rgb => along(SHARED, t);

/** 256 colours of a scale as bytes, for images that are painted pixel by pixel. */
export function table(scale: (t: number) => Rgb): Uint8ClampedArray {
  const bytes = new Uint8ClampedArray(256 * 4);
  for (let i = 0; i < 256; i++) {
    const [r, g, b] = scale(i / 255);
    bytes.set([r, g, b, 255], i * 4);
  }
  return bytes;
}
