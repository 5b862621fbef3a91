/** The plane picture as a file: SVG text that any program can draw again. */

import { css, signed } from "../colour/scales";
import { edges } from "../math/geometry";
import type { Scene } from "./scene";
import { frameOf } from "./vectors";

const SIDE = 640;

export function vectorsSvg(scene: Scene, points: Float64Array, title: string): string {
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
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${SIDE} ${SIDE}" width="${SIDE}" height="${SIDE}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${SIDE}" height="${SIDE}" fill="${paper}"/>`,
    `<circle cx="${cx}" cy="${cy}" r="${scale.toFixed(2)}" fill="none" stroke="${ink}" stroke-opacity="0.4" stroke-dasharray="5 5"/>`,
    ...lines,
    ...features,
    "</svg>",
  ].join("\n");
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

/** A canvas as a PNG on the colour of the page. */
export function canvasPng(canvas: HTMLCanvasElement, paper: string): Promise<Blob | null> {
  const copy = document.createElement("canvas");
  Object.assign(copy, { width: canvas.width, height: canvas.height });
  const context = copy.getContext("2d")!;
  context.fillStyle = paper;
  context.fillRect(0, 0, copy.width, copy.height);
  context.drawImage(canvas, 0, 0);
  return new Promise((resolve) => copy.toBlob(resolve, "image/png"));
}
