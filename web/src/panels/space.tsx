/** The 3-D view on the page: loaded when it is first asked for; the plane where there is no WebGL. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { loop, open } from "../page/stage";
import { hovered } from "../state/session";
import type { Space } from "../views/space";

interface Props {
  /** What is shown where there is no WebGL. */
  instead: ComponentChildren;
  label: string;
  draw: (space: Space) => void;
}

export function SpaceView({ instead, label, draw }: Props) {
  const latest = useRef(draw);
  latest.current = draw;
  const host = useRef<HTMLDivElement>(null);
  const [missing, setMissing] = useState(false);
  useEffect(() => {
    let stop: () => void = () => undefined;
    let gone = false;
    // three is large; the page is there before it
    import("../views/space")
      .then(({ Space: Made }) => {
        if (!gone) stop = mount(host.current!, Made, (space) => latest.current(space));
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
      <div ref={host} class="space" tabIndex={0} role="img" data-view="space" aria-label={label} />
      <p class="space-note">
        <span class="by-mouse">Drag or arrow keys turn it; Ctrl + wheel, + and − zoom.</span>
        <span class="by-hand">Drag turns it, two fingers zoom.</span>
      </p>
    </>
  );
}

const TURN = Math.PI / 24;
const NEARER = 0.9;

function mount(host: HTMLElement, Made: typeof Space, draw: Props["draw"]): () => void {
  const space = new Made(host, () => loop.invalidate(drawable));
  const drawable = {
    interval: 0,
    visible: true,
    draw: () => draw(space),
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
