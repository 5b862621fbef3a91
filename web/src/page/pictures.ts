/** The picture of the model at a size of its own, for files and films. */

import { view } from "../state/session";
import { type Ink, inkOf, paint } from "../views/canvas";
import type { Scene } from "../views/scene";
import type { Size } from "../views/space";
import { Vectors } from "../views/vectors";
import { flat, loop, open, spatial } from "./stage";

/** Pictures are no wider or higher than this: more, no WebGL draws and no encoder takes. */
export const MOST_PIXELS = 8192;

/** The box of the picture on the screen; null while there is none. */
const box = (): HTMLElement | null => document.querySelector<HTMLElement>(".hero-body");

/** How wide the picture is on the screen, in CSS pixels. */
export const shownWidth = (): number => box()?.clientWidth ?? 0;

/** The shape of the picture on the screen, so many pixels wide. */
export function sizeOf(pixels: number): Size | null {
  const host = box();
  if (!host?.clientWidth || !host.clientHeight) return null;
  const { clientWidth: width, clientHeight: height } = host;
  const most = MOST_PIXELS / Math.max(width, height);
  return { width, height, ratio: Math.min(pixels / width, most) };
}

/** Draws other models as the one on the screen is seen: in its plane, or from the same side. */
export interface Painter {
  (canvas: HTMLCanvasElement, scene: Scene, size: Size, words?: string): void;
}

export function painterFor(shown: Scene): Painter | null {
  const host = box();
  if (!host) return null;
  const ink = inkOf(host);
  const { space } = open;
  if (space) {
    const points = spatial.hold(shown, view.peek());
    return (canvas, scene, size, words) => {
      space.copy(canvas, scene, points(scene), size, ink);
      loop.invalidate(); // the screen has its own size again
      if (words) write(canvas, words, size, ink);
    };
  }
  const points = flat.hold(shown, view.peek());
  return (canvas, scene, size, words) => {
    const { width: clientWidth, height: clientHeight, ratio } = size;
    const draw = (surface: Parameters<Vectors["draw"]>[0]): void => {
      surface.context.fillStyle = ink.surface;
      surface.context.fillRect(0, 0, surface.width, surface.height);
      new Vectors().draw(surface, scene, points(scene));
    };
    paint(canvas, draw, { clientWidth, clientHeight }, ratio, ink);
    if (words) write(canvas, words, size, ink);
  };
}

/** A line of words in the upper left corner. */
function write(canvas: HTMLCanvasElement, words: string, { ratio }: Size, ink: Ink): void {
  const context = canvas.getContext("2d")!;
  const unit = ratio * ink.size;
  context.setTransform(unit, 0, 0, unit, 0, 0);
  context.font = `600 15px ${ink.font}`;
  context.textAlign = "left";
  context.textBaseline = "top";
  context.fillStyle = ink.ink;
  context.fillText(words, 10, 8);
}
