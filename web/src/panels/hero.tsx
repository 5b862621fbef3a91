/** The model itself, in a plane or in space: what is projected on the wall. */

import { useEffect, useRef, useState } from "preact/hooks";

import { currentScene, flat, loop, spatial } from "../page/stage";
import { configured, hovered, look, view } from "../state/session";
import { Canvas, type Surface } from "../views/canvas";
import type { Space } from "../views/space";
import { type Frame2d, drawVectors, nearestFeature } from "../views/vectors";
import { Downloads } from "./downloads";
import { PlaneChoice } from "./plane";
import { Segmented } from "./fields";
import { TimeTravel } from "./transport";

/** The plane picture as it was drawn last: for the pointer, and for pictures to keep. */
export const drawn: { points: Float64Array; place: Frame2d; width: number; height: number } = {
  points: new Float64Array(0), place: { cx: 0, cy: 0, scale: 1 }, width: 0, height: 0,
};

export function Hero() {
  const { mode } = view.value;
  const m = configured.value?.n_hidden ?? 2;
  const space = mode === "3d" && m > 1;
  return (
    <section class="card hero" aria-label="Feature vectors">
      <header class="card-head">
        <h2>Features in {m === 1 ? "one dimension" : `${m} dimensions`}</h2>
        <div class="card-tools">
          <PlaneChoice />
          <Segmented
            label="Dimensions of the picture"
            value={mode}
            choices={[
              { value: "2d", text: "2-D" },
              { value: "3d", text: "3-D", disabled: m < 2, help: "Drag to turn it; arrow keys turn it too." },
            ]}
            onChange={(next) => look({ mode: next })}
          />
          <Downloads />
        </div>
      </header>
      <div class="hero-body">{space ? <SpaceView /> : <PlaneView />}</div>
      <TimeTravel />
    </section>
  );
}

export function drawPlane(surface: Surface): void {
  const scene = currentScene();
  if (!scene) return;
  drawn.points = flat.points(scene, view.peek());
  drawn.place = drawVectors(surface, scene, drawn.points);
  drawn.width = surface.width;
  drawn.height = surface.height;
}

function PlaneView() {
  return (
    <Canvas
      loop={loop}
      name="vectors"
      label="Each feature as a line from the centre; edges join features that interfere."
      draw={drawPlane}
      onPoint={(x, y) => (hovered.value = nearestFeature(drawn.points, drawn.place, x, y))}
      onLeave={() => (hovered.value = null)}
      onKey={(event) => stepThrough(event)}
    />
  );
}

/** Arrow keys go from feature to feature. */
export function stepThrough(event: KeyboardEvent): void {
  const n = currentScene()?.weights.n ?? 0;
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape") hovered.value = null;
  if (!step || n === 0) return;
  event.preventDefault();
  const from = hovered.value ?? (step > 0 ? -1 : n);
  hovered.value = (from + step + n) % n;
}

function SpaceView() {
  const host = useRef<HTMLDivElement>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    let stop: () => void = () => undefined;
    let gone = false;
    // three is large; the page is there before it
    import("../views/space")
      .then(({ Space: Made }) => {
        if (!gone) stop = mount(host.current!, Made);
      })
      .catch(() => setMissing(true));
    return () => {
      gone = true;
      stop();
    };
  }, []);
  if (missing) {
    return (
      <>
        <p class="notice" role="status">
          This browser offers no WebGL, so here is the plane in place of the 3-D view.
        </p>
        <PlaneView />
      </>
    );
  }
  return (
    <div
      ref={host}
      class="space"
      tabIndex={0}
      role="img"
      data-view="space"
      aria-label="Each feature as a rod from the centre of the unit sphere. Arrow keys turn it."
    />
  );
}

/** The canvas of the picture, just drawn: what WebGL has drawn is gone after the task. */
export function freshCanvas(): HTMLCanvasElement | null {
  redraw();
  return document.querySelector<HTMLCanvasElement>(".hero canvas");
}

let redraw: () => void = () => undefined;

const TURN = Math.PI / 24;

function mount(host: HTMLElement, Made: typeof Space): () => void {
  const space = new Made(host, () => loop.invalidate(drawable));
  const drawable = {
    interval: 0,
    visible: true,
    draw: () => {
      const scene = currentScene();
      if (scene) space.draw(scene, spatial.points(scene, view.peek()));
    },
  };
  redraw = drawable.draw;
  const remove = loop.add(drawable);
  const sizes = new ResizeObserver(() => loop.invalidate(drawable));
  sizes.observe(host);
  const point = (event: PointerEvent): void => {
    if (event.buttons !== 0) return;
    const box = host.getBoundingClientRect();
    hovered.value = space.featureAt(event.clientX - box.left, event.clientY - box.top);
  };
  const turn = (event: KeyboardEvent): void => {
    const by = { ArrowLeft: [-TURN, 0], ArrowRight: [TURN, 0], ArrowUp: [0, TURN], ArrowDown: [0, -TURN] };
    const angles = by[event.key as keyof typeof by];
    if (!angles) return;
    event.preventDefault();
    space.turn(angles[0]!, angles[1]!);
    loop.invalidate(drawable);
  };
  const leave = (): void => void (hovered.value = null);
  host.addEventListener("pointermove", point);
  host.addEventListener("pointerleave", leave);
  host.addEventListener("keydown", turn);
  return () => {
    host.removeEventListener("pointermove", point);
    host.removeEventListener("pointerleave", leave);
    host.removeEventListener("keydown", turn);
    redraw = () => undefined;
    remove();
    sizes.disconnect();
    space.dispose();
  };
}
