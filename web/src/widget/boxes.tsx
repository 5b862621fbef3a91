/** The pictures of a widget, each on a canvas of its own. */

import { useEffect, useRef } from "preact/hooks";

import { Canvas, type Surface } from "../views/canvas";
import { Heatmap } from "../views/heatmap";
import { Loop } from "../views/loop";
import { drawLosses } from "../views/losses";
import { Norms } from "../views/norms";
import { Projector } from "../views/projection";
import type { Scene } from "../views/scene";
import { Seeds } from "../views/seeds";
import { Space } from "../views/space";
import { Vectors } from "../views/vectors";
import { type Dataset, entry } from "./dataset";

const PRINCIPAL = { plane: "principal", factor: 0 } as const;

/** Everything that one widget draws with; widgets of a notebook share nothing. */
export class Tools {
  readonly loop = new Loop();
  readonly flat = new Projector(2);
  readonly spatial = new Projector(3);
  scene: Scene | null = null;
  readonly vectors = new Vectors();
  readonly heatmap = new Heatmap();
  readonly norms = new Norms();
  readonly seeds = new Seeds();
}

interface BoxProps {
  tools: Tools;
  onHover: (feature: number | null) => void;
}

const drawn =
  (tools: Tools, draw: (surface: Surface, scene: Scene) => void) =>
  (surface: Surface): void => {
    if (tools.scene) draw(surface, tools.scene);
  };

export function PlaneBox({ tools, onHover }: BoxProps) {
  return (
    <Canvas
      loop={tools.loop}
      name="vectors"
      label="Each feature as a line from the centre"
      draw={drawn(tools, (surface, scene) =>
        tools.vectors.draw(surface, scene, tools.flat.points(scene, PRINCIPAL)),
      )}
      onPoint={(x, y) => onHover(tools.vectors.at(x, y))}
      onLeave={() => onHover(null)}
    />
  );
}

export function SpaceBox({ tools, onHover }: BoxProps) {
  const host = useRef<HTMLDivElement>(null);
  const made = useRef<Space | null>(null);
  useEffect(() => {
    let space: Space;
    const drawable = {
      interval: 0,
      visible: true,
      draw: () =>
        tools.scene && space.draw(tools.scene, tools.spatial.points(tools.scene, PRINCIPAL)),
    };
    try {
      space = new Space(host.current!, () => tools.loop.invalidate(drawable));
    } catch {
      host.current!.textContent =
        "This browser offers no WebGL: the 2-D view shows the same model.";
      return undefined;
    }
    made.current = space;
    const remove = tools.loop.add(drawable);
    return () => {
      remove();
      space.dispose();
    };
  }, []);
  const point = (event: PointerEvent): void => {
    if (event.buttons !== 0) return;
    const box = host.current!.getBoundingClientRect();
    onHover(made.current?.featureAt(event.clientX - box.left, event.clientY - box.top) ?? null);
  };
  return (
    <div
      class="space"
      ref={host}
      data-view="space"
      title="Drag turns it; Ctrl + wheel zooms"
      onPointerMove={point}
      onPointerLeave={() => onHover(null)}
    />
  );
}

export function GramBox({ tools, onHover }: BoxProps) {
  return (
    <Canvas
      loop={tools.loop}
      name="gram"
      label="What each output receives, and the biases"
      draw={drawn(tools, (surface, scene) => tools.heatmap.draw(surface, scene))}
      onPoint={(x, y) => onHover(tools.heatmap.at(x, y)?.row ?? null)}
      onLeave={() => onHover(null)}
    />
  );
}

export function NormsBox({ tools, onHover }: BoxProps) {
  return (
    <Canvas
      loop={tools.loop}
      name="norms"
      label="The length of each feature"
      draw={drawn(tools, (surface, scene) => tools.norms.draw(surface, scene))}
      onPoint={(x) => onHover(tools.norms.at(x))}
      onLeave={() => onHover(null)}
    />
  );
}

export function LossesBox({ tools, d, point }: { tools: Tools; d: Dataset; point: number }) {
  const [steps, curves] = [d.arrays.curve_steps, d.arrays.loss_curve];
  return (
    <Canvas
      loop={tools.loop}
      name="losses"
      label="Training losses of all models against the step"
      draw={drawn(tools, (surface, scene) => {
        if (steps && curves) drawLosses(surface, scene, steps.data, entry(curves, [point]).data);
      })}
    />
  );
}

export function SeedsBox({ tools, onPick }: { tools: Tools; onPick: (seed: number) => void }) {
  return (
    <Canvas
      loop={tools.loop}
      name="seeds"
      label="All models by loss; click one to see it"
      draw={drawn(tools, (surface, scene) => tools.seeds.draw(surface, scene))}
      onPick={(x, y) => {
        const dot = tools.seeds.at(x, y);
        if (dot) onPick(dot.seed);
      }}
    />
  );
}
