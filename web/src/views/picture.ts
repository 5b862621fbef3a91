/** The plane picture as a file: SVG text that any program can draw again. */

import { css, signed } from "../colour/scales";
import { edges } from "../math/geometry";
import { LABELLED } from "./numbers";
import type { Scene } from "./scene";
import { type Frame2d, frameOf } from "./vectors";

const SIDE = 640;
/** Numbers are written so far beyond the tips. */
const BEYOND = 18;

export function vectorsSvg(
  scene: Scene,
  points: Float64Array,
  title: string,
  width = SIDE,
): string {
  const { cx, cy, scale } = frameOf(points, SIDE, SIDE);
  const [paper, ink] = scene.scheme === "dark" ? ["#1b2028", "#eef1f5"] : ["#ffffff", "#1d2129"];
  const x = (i: number): string => (cx + scale * points[2 * i]!).toFixed(2);
  const y = (i: number): string => (cy - scale * points[2 * i + 1]!).toFixed(2);
  const lines = edges(scene.gram, scene.weights.n).map(({ i, j, value }) => {
    const size = Math.min(Math.abs(value), 1);
    const shade = css(signed(Math.sign(value) * (0.55 + 0.45 * size), scene.scheme));
    const width = (0.75 + 2.5 * size).toFixed(2);
    return `<line x1="${x(i)}" y1="${y(i)}" x2="${x(j)}" y2="${y(j)}" stroke="${shade}" stroke-opacity="${(0.25 + 0.6 * size).toFixed(2)}" stroke-width="${width}"/>`;
  });
  const features = Array.from({ length: scene.weights.n }, (_, k) => scene.weights.n - 1 - k)
    .filter((i) => Number.isFinite(points[2 * i]! + points[2 * i + 1]!))
    .map(
      (i) =>
        `<g><title>feature ${i}</title><line x1="${cx}" y1="${cy}" x2="${x(i)}" y2="${y(i)}" stroke="${scene.colour(i)}" stroke-width="3.5" stroke-linecap="round"/>` +
        `<circle cx="${x(i)}" cy="${y(i)}" r="7" fill="${scene.colour(i)}" stroke="${paper}" stroke-width="2"/></g>`,
    );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIDE} ${SIDE}" width="${width}" height="${width}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${SIDE}" height="${SIDE}" fill="${paper}"/>`,
    `<circle cx="${cx}" cy="${cy}" r="${scale.toFixed(2)}" fill="none" stroke="${ink}" stroke-opacity="0.4" stroke-dasharray="5 5"/>`,
    ...lines,
    ...features,
    ...numbers(scene, points, { cx, cy, scale }, paper!, ink!),
    "</svg>",
  ].join("\n");
}

/** The numbers of the features, where there are not too many. */
function numbers(
  scene: Scene,
  points: Float64Array,
  { cx, cy, scale }: Frame2d,
  paper: string,
  ink: string,
): string[] {
  const { n } = scene.weights;
  if (n > LABELLED) return [];
  const lengths = Array.from({ length: n }, (_, i) =>
    Math.hypot(points[2 * i]!, points[2 * i + 1]!),
  );
  const shown = lengths.flatMap((length, i) => (length * scale > 26 ? [i] : []));
  const style = `font-family="system-ui, sans-serif" font-size="14" font-weight="600" text-anchor="middle" dominant-baseline="central" fill="${ink}" stroke="${paper}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"`;
  return shown.map((i) => {
    const out = scale + BEYOND / lengths[i]!;
    const [x, y] = [cx + out * points[2 * i]!, cy - out * points[2 * i + 1]!];
    return `<text x="${x.toFixed(2)}" y="${y.toFixed(2)}" ${style}>${i}</text>`;
  });
}

const escaped = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

/** Hand a file to the person at the browser. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
