/** What the widget shows: the model in a plane or in space, its matrix, lengths and losses. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { short } from "../math/format";
import { Canvas, type Surface } from "../views/canvas";
import { type Grid, cellAt, drawHeatmap } from "../views/heatmap";
import { Loop } from "../views/loop";
import { drawLosses } from "../views/losses";
import { drawNorms, featureAtBar } from "../views/norms";
import { Projector } from "../views/projection";
import type { Scene } from "../views/scene";
import { type Dot, dotAt, drawSeeds } from "../views/seeds";
import { Space } from "../views/space";
import { type Frame2d, drawVectors, nearestFeature } from "../views/vectors";
import { type Dataset, bestSeed, entry, placesOf, pointOf, sceneOf } from "./dataset";
import type { Bound } from "./model";

const PRINCIPAL = { plane: "principal", factor: 0 } as const;

/** Everything that one widget draws with; widgets of a notebook share nothing. */
class Tools {
  readonly loop = new Loop();
  readonly flat = new Projector(2);
  readonly spatial = new Projector(3);
  scene: Scene | null = null;
  points: Float64Array = new Float64Array(0);
  place: Frame2d = { cx: 0, cy: 0, scale: 1 };
  grid: Grid = { left: 0, top: 0, cell: 1, n: 0 };
  dots: Dot[] = [];
}

/** Notebooks say themselves whether they are dark. */
function darkNotebook(): boolean {
  const said = document.body.dataset.jpThemeLight;
  if (said !== undefined) return said === "false";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

export function WidgetView({ bound }: { bound: Bound }) {
  const tools = useMemo(() => new Tools(), []);
  const checkpoint = useSignal<number | null>(null);
  const { dataset, point, seed, mode, feature, trouble } = bound;
  const scheme = darkNotebook() ? "dark" : "light";
  const d = dataset.value;
  const hovered = feature.value < 0 ? null : feature.value;
  tools.scene = d && sceneOf(d, { point: point.value, seed: seed.value, checkpoint: checkpoint.value, hovered }, scheme);
  useEffect(() => tools.loop.invalidate());
  if (!d) return <p class="tegum-widget">{trouble.value || "No data."}</p>;
  const hover = (found: number | null): void => void (feature.value = found ?? -1);
  const spatial = mode.value === "space" && d.n_hidden > 1;
  return (
    <div class="tegum-widget" data-theme={scheme}>
      <div class="bar">
        <strong>{d.shapes[point.value] ?? ""}</strong>
        <Axes d={d} bound={bound} />
        <Seed d={d} bound={bound} />
        {d.checkpoints.length > 0 && d.arrays.W_checkpoint && <Checkpoints d={d} chosen={checkpoint.value} onChoose={(k) => { seed.value = -1; checkpoint.value = k; }} />}
        <button type="button" disabled={d.n_hidden < 2} onClick={() => (mode.value = spatial ? "live" : "space")}>
          {spatial ? "2-D" : "3-D"}
        </button>
      </div>
      <div class="views">
        <div class="view large">{spatial ? <SpaceBox tools={tools} onHover={hover} /> : <PlaneBox tools={tools} onHover={hover} />}</div>
        <div class="view"><GramBox tools={tools} onHover={hover} /></div>
        <div class="view"><NormsBox tools={tools} onHover={hover} /></div>
        {d.arrays.loss_curve && <div class="view"><LossesBox tools={tools} d={d} point={point.value} /></div>}
        {d.seeds > 1 && <div class="view"><SeedsBox tools={tools} onPick={(picked) => { checkpoint.value = null; seed.value = picked; }} /></div>}
      </div>
    </div>
  );
}

function Axes({ d, bound }: { d: Dataset; bound: Bound }) {
  const places = placesOf(d.axes, bound.point.value);
  return (
    <>
      {d.axes.map(({ name, values }, k) => (
        <label key={name}>
          {name} = {label(values[places[k]!]!)}
          <input
            type="range"
            min={0}
            max={values.length - 1}
            value={places[k]}
            onInput={({ currentTarget: { valueAsNumber } }) => {
              bound.point.value = pointOf(d.axes, places.map((p, axis) => (axis === k ? valueAsNumber : p)));
            }}
          />
        </label>
      ))}
    </>
  );
}

const label = (value: number | string): string => (typeof value === "number" ? short(value) : value);

function Seed({ d, bound: { seed, point } }: { d: Dataset; bound: Bound }) {
  if (d.seeds < 2) return null;
  return (
    <label>
      seed {seed.value < 0 ? `${bestSeed(d, point.value)}, best` : seed.value}
      <input type="range" min={-1} max={d.seeds - 1} value={seed.value} onInput={(event) => (seed.value = event.currentTarget.valueAsNumber)} />
    </label>
  );
}

function Checkpoints({ d, chosen, onChoose }: { d: Dataset; chosen: number | null; onChoose: (k: number | null) => void }) {
  const total = d.checkpoints.length;
  return (
    <label>
      {chosen === null ? "trained" : `step ${d.checkpoints[chosen]}`}
      <input
        type="range"
        min={0}
        max={total}
        value={chosen ?? total}
        onInput={({ currentTarget: { valueAsNumber: k } }) => onChoose(k === total ? null : k)}
      />
    </label>
  );
}

interface BoxProps {
  tools: Tools;
  onHover: (feature: number | null) => void;
}

const drawn = (tools: Tools, draw: (surface: Surface, scene: Scene) => void) => (surface: Surface): void => {
  if (tools.scene) draw(surface, tools.scene);
};

function PlaneBox({ tools, onHover }: BoxProps) {
  return (
    <Canvas
      loop={tools.loop}
      name="vectors"
      label="Each feature as a line from the centre"
      draw={drawn(tools, (surface, scene) => {
        tools.points = tools.flat.points(scene, PRINCIPAL);
        tools.place = drawVectors(surface, scene, tools.points);
      })}
      onPoint={(x, y) => onHover(nearestFeature(tools.points, tools.place, x, y))}
      onLeave={() => onHover(null)}
    />
  );
}

function SpaceBox({ tools, onHover }: BoxProps) {
  const host = useRef<HTMLDivElement>(null);
  const made = useRef<Space | null>(null);
  useEffect(() => {
    let space: Space;
    const drawable = {
      interval: 0,
      visible: true,
      draw: () => tools.scene && space.draw(tools.scene, tools.spatial.points(tools.scene, PRINCIPAL)),
    };
    try {
      space = new Space(host.current!, () => tools.loop.invalidate(drawable));
    } catch {
      host.current!.textContent = "This browser offers no WebGL: the 2-D view shows the same model.";
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
    <div class="space" ref={host} data-view="space" onPointerMove={point} onPointerLeave={() => onHover(null)} />
  );
}

function GramBox({ tools, onHover }: BoxProps) {
  return (
    <Canvas
      loop={tools.loop}
      name="gram"
      label="What each output receives, and the biases"
      draw={drawn(tools, (surface, scene) => (tools.grid = drawHeatmap(surface, scene)))}
      onPoint={(x, y) => onHover(cellAt(tools.grid, x, y)?.row ?? null)}
      onLeave={() => onHover(null)}
    />
  );
}

function NormsBox({ tools, onHover }: BoxProps) {
  return (
    <Canvas
      loop={tools.loop}
      name="norms"
      label="The length of each feature"
      draw={drawn(tools, drawNorms)}
      onPoint={(x, _, { width }) => onHover(tools.scene && featureAtBar(tools.scene, x, width))}
      onLeave={() => onHover(null)}
    />
  );
}

function LossesBox({ tools, d, point }: { tools: Tools; d: Dataset; point: number }) {
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

function SeedsBox({ tools, onPick }: { tools: Tools; onPick: (seed: number) => void }) {
  return (
    <Canvas
      loop={tools.loop}
      name="seeds"
      label="All models by loss; click one to see it"
      draw={drawn(tools, (surface, scene) => (tools.dots = drawSeeds(surface, scene)))}
      onPick={(x, y) => {
        const dot = dotAt(tools.dots, x, y);
        if (dot) onPick(dot.seed);
      }}
    />
  );
}
