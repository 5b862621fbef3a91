/** The 3-D view on the page: loaded when it is first asked for; the plane where there is no WebGL. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { currentScene, loop, open, spatial } from "../page/stage";
import { printing } from "../page/print";
import { hovered, view } from "../state/session";
import type { Space } from "../views/space";

export function SpaceView({ instead }: { instead: ComponentChildren }) {
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
        {instead}
      </>
    );
  }
  return (
    <>
      <div
        ref={host}
        class="space"
        tabIndex={0}
        role="img"
        data-view="space"
        aria-label="Each feature as a rod from the centre of the unit sphere. Arrow keys turn it."
      />
      <p class="space-note">
        <span class="by-mouse">Drag or arrow keys turn it; Ctrl + wheel, + and − zoom.</span>
        <span class="by-hand">Drag turns it, two fingers zoom.</span>
      </p>
    </>
  );
}

const TURN = Math.PI / 24;
const NEARER = 0.9;

function mount(host: HTMLElement, Made: typeof Space): () => void {
  const space = new Made(host, () => loop.invalidate(drawable));
  const drawable = {
    interval: 0,
    visible: true,
    draw: () => {
      const scene = currentScene();
      if (scene) space.draw(scene, spatial.points(scene, view.peek()), printing.peek());
    },
  };
  open.space = space;
  const remove = loop.add(drawable);
  const sizes = new ResizeObserver(() => loop.invalidate(drawable));
  sizes.observe(host);
  const point = (event: PointerEvent): void => {
    if (event.buttons !== 0) return;
    const box = host.getBoundingClientRect();
    hovered.value = space.featureAt(event.clientX - box.left, event.clientY - box.top);
  };
  const turn = (event: KeyboardEvent): void => {
    const by = {
      ArrowLeft: [-TURN, 0],
      ArrowRight: [TURN, 0],
      ArrowUp: [0, TURN],
      ArrowDown: [0, -TURN],
    };
    const angles = by[event.key as keyof typeof by];
    const factor = { "+": NEARER, "=": NEARER, "-": 1 / NEARER }[event.key];
    if (event.ctrlKey || event.metaKey || (!angles && !factor)) return;
    event.preventDefault();
    if (angles) space.turn(angles[0]!, angles[1]!);
    if (factor) space.zoom(factor);
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
    open.space = null;
    remove();
    sizes.disconnect();
    space.dispose();
  };
}
