/** The secondary views, each a card: matrices, lengths, curves, neurons, seeds. */

import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { short } from "../math/format";
import { currentScene, loop } from "../page/stage";
import { select } from "../state/actions";
import { configured, hovered, look, scheme, trace, view } from "../state/session";
import { Canvas, type Surface } from "../views/canvas";
import { type Curve, dimensionalityCurve, lossCurve } from "../views/curves";
import { type Grid, cellAt, drawHeatmap } from "../views/heatmap";
import { drawNeurons, pieceAt } from "../views/neurons";
import { drawNorms, featureAtBar } from "../views/norms";
import { type Dot, dotAt, drawSeeds, ranking } from "../views/seeds";
import type { Scene } from "../views/scene";
import { stepThrough } from "./hero";

/** Least time between two drawings of a secondary view, in milliseconds. */
const SOON = 60;
const LATER = 200;

export function Card(props: {
  title: string;
  name: string;
  note?: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class={`card view-${props.name}`} aria-label={props.title}>
      <header class="card-head">
        <h2>{props.title}</h2>
        {props.note && <span class="quiet">{props.note}</span>}
      </header>
      <div class="card-body">{props.children}</div>
    </section>
  );
}

const withScene =
  (draw: (surface: Surface, scene: Scene) => void) =>
  (surface: Surface): void => {
    const scene = currentScene();
    if (scene) draw(surface, scene);
  };

const leave = (): void => void (hovered.value = null);

const hover = (feature: number | null): void => void (hovered.value = feature);

let grid: Grid = { left: 0, top: 0, cell: 1, n: 0 };

/** The entry of the matrix under the pointer; column n is the bias. */
const entry = signal<{ row: number; column: number } | null>(null);

export function HeatmapCard() {
  return (
    <Card title="What each output receives" name="gram" note={<EntryNote />}>
      <Canvas
        loop={loop}
        name="gram"
        interval={SOON}
        label="The matrix of inner products, and the biases."
        draw={withScene((surface, now) => (grid = drawHeatmap(surface, now)))}
        onPoint={(x, y) => {
          entry.value = cellAt(grid, x, y);
          hovered.value = entry.value?.row ?? null;
        }}
        onLeave={() => {
          entry.value = null;
          leave();
        }}
        onKey={stepThrough}
      />
    </Card>
  );
}

/** The number under the pointer in words, or what the colours mean. */
function EntryNote() {
  const scene = currentScene();
  const i = hovered.value;
  if (!scene || i === null || i >= scene.weights.n) return <>−1 red, 1 blue</>;
  const { n, b } = scene.weights;
  const column = entry.value?.column ?? i;
  if (column === n) return <>{`bias of output ${i}: ${short(b[i]!)}`}</>;
  return <>{`output ${i} from feature ${column}: ${short(scene.received[i * n + column]!, 2)}`}</>;
}

export function NormsCard() {
  return (
    <Card
      title="Length of each feature, ‖Wᵢ‖"
      name="norms"
      note="strip: how much others share its direction"
    >
      <Canvas
        loop={loop}
        name="norms"
        interval={SOON}
        label="A bar for each feature, as high as its direction is long."
        draw={withScene(drawNorms)}
        onPoint={(x, _, { width }) => {
          const scene = currentScene();
          hovered.value = scene ? featureAtBar(scene, x, width) : null;
        }}
        onLeave={leave}
        onKey={stepThrough}
      />
    </Card>
  );
}

let pieces: ReturnType<typeof drawNeurons> = [];

export function NeuronsCard() {
  if (!configured.value?.neurons) return null;
  return (
    <Card title="What each neuron hears" name="neurons" note="weights stacked by feature">
      <Canvas
        loop={loop}
        name="neurons"
        interval={SOON}
        label="A stack of weights for each neuron, in the colours of the features."
        draw={withScene((surface, scene) => (pieces = drawNeurons(surface, scene)))}
        onPoint={(x, y) => (hovered.value = pieceAt(pieces, x, y)?.feature ?? null)}
        onLeave={leave}
        onKey={stepThrough}
      />
    </Card>
  );
}

let dots: Dot[] = [];

export function SeedsCard() {
  return (
    <Card title="All models by loss" name="seeds" note="click one to see it; B: the best">
      <Canvas
        loop={loop}
        name="seeds"
        interval={SOON}
        label="A dot for each trained model, by its loss. Arrow keys go from model to model."
        draw={withScene((surface, scene) => (dots = drawSeeds(surface, scene)))}
        onPick={(x, y) => {
          const dot = dotAt(dots, x, y);
          if (dot) select(dot.seed);
        }}
        onKey={stepThroughSeeds}
      />
    </Card>
  );
}

/** Arrow keys go along the ranking by loss. */
function stepThroughSeeds(event: KeyboardEvent): void {
  const scene = currentScene();
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!step || !scene) return;
  event.preventDefault();
  const order = ranking(scene.heldOut ?? scene.losses);
  const place = order.indexOf(scene.selected) + step;
  select(order[Math.min(Math.max(place, 0), order.length - 1)] ?? null);
}

export function LossCard() {
  return (
    <Card
      title="Loss"
      name="loss"
      note={
        <>
          <StepAxis /> <span class="key shown">shown</span> <span class="key best">best</span>{" "}
          <span class="key median">median</span>
        </>
      }
    >
      <CurveBox
        name="loss"
        make={(host, _, log) => lossCurve(host, scheme.peek(), log)}
        label="Loss against the step."
      />
    </Card>
  );
}

/** Whether the curves divide the steps evenly or by powers of ten. */
function StepAxis() {
  const { steps } = view.value;
  const other = steps === "log" ? "linear" : "log";
  return (
    <button
      type="button"
      class="tiny"
      name="axis"
      title={`Steps on a ${steps} axis; change to ${other}`}
      onClick={() => look({ steps: other })}
    >
      {steps} steps
    </button>
  );
}

export function DimensionalityCard() {
  return (
    <Card
      title="Dimensions per feature, Dᵢ"
      name="dimensionality"
      note="dotted: shares that polytopes give"
    >
      <CurveBox
        name="dimensionality"
        make={(host, scene, log) => dimensionalityCurve(host, scene, log, hover)}
        label="Dimensionality of each feature against the step."
      />
    </Card>
  );
}

interface CurveProps {
  name: string;
  label: string;
  make: (host: HTMLElement, scene: Scene, log: boolean) => Curve;
}

/** A plot that is made anew when the number of features or the colours change. */
function CurveBox({ name, label, make }: CurveProps) {
  const host = useRef<HTMLDivElement>(null);
  const n = configured.value?.n_features ?? 0;
  const colours = scheme.value;
  const log = view.value.steps === "log";
  useEffect(() => {
    const box = host.current!;
    let curve: Curve | undefined;
    const drawable = {
      interval: LATER,
      visible: true,
      draw: () => {
        const scene = currentScene();
        if (!scene || scene.weights.n !== n) return;
        curve ??= make(box, scene, log);
        curve.update(trace, scene);
      },
    };
    const remove = loop.add(drawable);
    const sizes = new ResizeObserver(() => curve?.resize());
    sizes.observe(box);
    const sight = new IntersectionObserver(([entry]) => {
      drawable.visible = entry?.isIntersecting ?? true;
      if (drawable.visible) loop.invalidate(drawable);
    });
    sight.observe(box);
    return () => {
      remove();
      sizes.disconnect();
      sight.disconnect();
      curve?.destroy();
    };
  }, [n, colours, log]);
  return <div ref={host} class="curve" role="img" aria-label={label} data-view={name} />;
}
