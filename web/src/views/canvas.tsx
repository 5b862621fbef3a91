/** A canvas that a loop keeps up to date, at the resolution of the screen. */

import { useEffect, useRef } from "preact/hooks";

import type { Loop } from "./loop";

/** Where a view is drawn: a context in CSS pixels, and the size of the box. */
export interface Surface {
  context: CanvasRenderingContext2D;
  width: number;
  height: number;
  theme: Ink;
}

/** Colours of axes and labels, from the style sheet. */
export interface Ink {
  ink: string;
  quiet: string;
  faint: string;
  line: string;
  surface: string;
  font: string;
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
  };
}

interface Props {
  loop: Loop;
  draw: (surface: Surface) => void;
  label: string;
  name: string;
  interval?: number;
  /** The pointer is at this place of the box, or has left it (null). */
  onPoint?: (x: number, y: number, size: { width: number; height: number }) => void;
  onLeave?: () => void;
  onPick?: (x: number, y: number, size: { width: number; height: number }) => void;
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
      const box = element.current!.getBoundingClientRect();
      latest.current[handler]?.(event.clientX - box.left, event.clientY - box.top, box);
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
  const context = canvas.getContext("2d")!;
  const view = {
    interval,
    visible: true,
    draw: () => {
      const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
      const { clientWidth: width, clientHeight: height } = canvas;
      if (width === 0 || height === 0) return;
      const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      context.clearRect(0, 0, width, height);
      draw()({ context, width, height, theme: inkOf(canvas) });
    },
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
