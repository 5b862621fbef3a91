/** The secondary views, each a card: matrices, lengths, curves, neurons, seeds. */

import { type ReadonlySignal, type Signal, computed, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";

import { count, short } from "../math/format";
import { presenting } from "../page/present";
import { alongRanking } from "../page/ranking";
import { currentScene, loop } from "../page/stage";
import { select } from "../state/actions";
import {
  analysis,
  analysisStale,
  configured,
  frame,
  heard,
  hovered,
  look,
  scheme,
  trace,
  traceStale,
  view,
} from "../state/session";
import { Canvas, type Surface } from "../views/canvas";
import { type Curve, dimensionalityCurve, lossCurve } from "../views/curves";
import { Heatmap } from "../views/heatmap";
import { Neurons } from "../views/neurons";
import { Norms } from "../views/norms";
import { Seeds } from "../views/seeds";
import type { Scene } from "../views/scene";
import { stepThrough } from "./hero";

/** Least time between two drawings of a secondary view, in milliseconds. */
const SOON = 60;
const LATER = 200;

export function Card(props: {
  title: string;
  name: string;
  note?: ComponentChildren;
  /** Whether what it shows is not of the state that the picture shows. */
  stale?: ReadonlySignal<boolean>;
  children: ComponentChildren;
}) {
  const stale = props.stale?.value ? " stale" : "";
  return (
    <section class={`card view-${props.name}${stale}`} aria-label={props.title}>
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

/** An entry of the matrix; column n is the bias. */
type Place = { row: number; column: number };

export function HeatmapCard() {
  const heatmap = useMemo(() => new Heatmap(), []);
  const entry = useSignal<Place | null>(null);
  return (
    <Card title="What each output receives" name="gram" note={<EntryNote entry={entry} />}>
      <Canvas
        loop={loop}
        name="gram"
        interval={SOON}
        label="The matrix of inner products, and the biases."
        draw={withScene((surface, scene) => heatmap.draw(surface, scene))}
        onPoint={(x, y) => {
          entry.value = heatmap.at(x, y);
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
function EntryNote({ entry }: { entry: Signal<Place | null> }) {
  const i = hovered.value;
  if (i !== null) frame.value; // the number follows the training while the pointer rests
  const scene = currentScene();
  if (!scene || i === null || i >= scene.weights.n) return <>−1 red, 1 blue</>;
  const { n, b } = scene.weights;
  const column = entry.value?.column ?? i;
  if (column === n) return <>{`bias of output ${i}: ${short(b[i]!)}`}</>;
  return <>{`output ${i} from feature ${column}: ${short(scene.received[i * n + column]!, 2)}`}</>;
}

export function NormsCard() {
  const norms = useMemo(() => new Norms(), []);
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
        draw={withScene((surface, scene) => norms.draw(surface, scene))}
        onPoint={(x) => (hovered.value = norms.at(x))}
        onLeave={leave}
        onKey={stepThrough}
      />
    </Card>
  );
}

export function NeuronsCard() {
  const neurons = useMemo(() => new Neurons(), []);
  if (!heard.configured.value?.neurons) return null; // its place stays while it is blank
  return (
    <Card title="What each neuron hears" name="neurons" note="weights stacked by feature">
      <Canvas
        loop={loop}
        name="neurons"
        interval={SOON}
        label="A stack of weights for each neuron, in the colours of the features."
        draw={withScene((surface, scene) => neurons.draw(surface, scene))}
        onPoint={(x, y) => (hovered.value = neurons.at(x, y)?.feature ?? null)}
        onLeave={leave}
        onKey={stepThrough}
      />
    </Card>
  );
}

export function SeedsCard() {
  const seeds = useMemo(() => new Seeds(), []);
  return (
    <Card
      title="All models by loss"
      name="seeds"
      note={
        <>
          <LossesOf />
          click one to see it; B: the best
        </>
      }
    >
      <Canvas
        loop={loop}
        name="seeds"
        interval={SOON}
        label="A dot for each trained model, by its loss. Arrow keys go from model to model."
        draw={withScene((surface, scene) => seeds.draw(surface, scene))}
        onPick={(x, y) => {
          const dot = seeds.at(x, y);
          if (dot) select(dot.seed);
        }}
        onKey={stepThroughSeeds}
      />
    </Card>
  );
}

/** The step of the losses of all models: the last look at held-out samples, or the last batch. */
const lossesOf = computed(() => {
  const [a, f] = [analysis.value, frame.value];
  return a && !analysisStale.value ? a.step : (f?.measured ?? null);
});

function LossesOf() {
  const at = lossesOf.value;
  return at === null ? null : <span data-testid="losses-of">step {count(at)}; </span>;
}

/** Arrow keys go along the ranking by loss. */
function stepThroughSeeds(event: KeyboardEvent): void {
  const scene = currentScene();
  const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!step || !scene) return;
  event.preventDefault();
  alongRanking(scene, step);
}

export function LossCard() {
  return (
    <Card
      title="Loss"
      name="loss"
      stale={traceStale}
      note={
        <>
          <StepAxis /> <span class="key shown">shown</span> <span class="key best">lowest</span>{" "}
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
      stale={traceStale}
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

/** A plot that is made anew when the number of features, the colours or the type change. */
function CurveBox({ name, label, make }: CurveProps) {
  const host = useRef<HTMLDivElement>(null);
  const n = configured.value?.n_features ?? 0;
  const colours = scheme.value;
  const log = view.value.steps === "log";
  const large = presenting.value;
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
        const f = frame.peek();
        curve.resize();
        curve.update(trace, scene, f?.past ? f.step : null);
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
  }, [n, colours, log, large]);
  return <div ref={host} class="curve" role="img" aria-label={label} data-view={name} />;
}
