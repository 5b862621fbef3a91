/** A canvas that a loop keeps up to date, at the resolution of the screen. */

import { useEffect, useRef } from "preact/hooks";

import type { Loop } from "./loop";

/** Where a view is drawn: a context in units of the type, and the size of the box in these. */
export interface Surface {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  theme: Ink;
}

/** Colours and type of axes and labels, from the style sheet. */
export interface Ink {
  ink: string;
  quiet: string;
  faint: string;
  line: string;
  surface: string;
  font: string;
  /** How much larger than usual type is: a view is drawn in units of so many CSS pixels. */
  size: number;
}

export function inkOf(element: Element): Ink {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    ink: read("ink"),
    quiet: read("quiet"),
    faint: read("faint"),
    line: read("line"),
    surface: read("surface"),
    font: style.fontFamily,
    size: Number(read("size")) || 1,
  };
}

/** Pixels of a canvas for each of CSS on this screen. */
export const screenRatio = (): number => Math.min(globalThis.devicePixelRatio || 1, 2);

/** A place in the box of a canvas and its size, in the units that it was drawn in. */
type Handler = (x: number, y: number, size: { width: number; height: number }) => void;

interface Props {
  loop: Loop;
  draw: (surface: Surface) => void;
  label: string;
  name: string;
  interval?: number;
  /** The pointer is at this place of the box, or has left it (null). */
  onPoint?: Handler;
  onLeave?: () => void;
  onPick?: Handler;
  onKey?: (event: KeyboardEvent) => void;
}

export function Canvas(props: Props) {
  const element = useRef<HTMLCanvasElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { loop, interval = 0 } = props;

  useEffect(() => attach(element.current!, loop, interval, () => latest.current.draw), [loop]);

  const at =
    (handler: keyof Pick<Props, "onPoint" | "onPick">) =>
    (event: MouseEvent): void => {
      const { left, top, width, height } = element.current!.getBoundingClientRect();
      const { size } = inkOf(element.current!);
      const [x, y] = [(event.clientX - left) / size, (event.clientY - top) / size];
      latest.current[handler]?.(x, y, { width: width / size, height: height / size });
    };
  return (
    <canvas
      ref={element}
      class="view-canvas"
      role="img"
      data-view={props.name}
      aria-label={props.label}
      tabIndex={props.onKey ? 0 : undefined}
      onPointerMove={at("onPoint")}
      onPointerLeave={() => latest.current.onLeave?.()}
      onClick={at("onPick")}
      onKeyDown={(event) => latest.current.onKey?.(event)}
    />
  );
}

/** Keep the canvas as large as its box, and drawn when it is in sight. */
function attach(
  canvas: HTMLCanvasElement,
  loop: Loop,
  interval: number,
  draw: () => (surface: Surface) => void,
): () => void {
  const view = {
    interval,
    visible: true,
    draw: () => paint(canvas, draw(), canvas, screenRatio(), inkOf(canvas)),
  };
  const remove = loop.add(view);
  const sizes = new ResizeObserver(() => loop.invalidate(view));
  sizes.observe(canvas);
  const sight = new IntersectionObserver(([entry]) => {
    view.visible = entry?.isIntersecting ?? true;
    if (view.visible) loop.invalidate(view);
  });
  sight.observe(canvas);
  return () => {
    remove();
    sizes.disconnect();
    sight.disconnect();
  };
}

/** Draw on a canvas as large as a box, with `ratio` pixels for each of the box. */
export function paint(
  canvas: HTMLCanvasElement,
  draw: (surface: Surface) => void,
  { clientWidth, clientHeight }: Pick<Element, "clientWidth" | "clientHeight">,
  ratio: number,
  theme: Ink,
): void {
  if (clientWidth === 0 || clientHeight === 0) return;
  const [w, h] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const context = canvas.getContext("2d")!;
  const unit = ratio * theme.size;
  const [width, height] = [clientWidth / theme.size, clientHeight / theme.size];
  context.setTransform(unit, 0, 0, unit, 0, 0);
  context.clearRect(0, 0, width, height);
  draw({ context, width, height, theme });
}
