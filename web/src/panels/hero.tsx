/** The model itself, in a plane or in space: what is projected on the wall. */

import { filming, stopFilming } from "../page/recorder";
import { printing } from "../page/print";
import { currentScene, flat, loop, spatial, vectors } from "../page/stage";
import { blank, configured, frame, hovered, look, preparing, view } from "../state/session";
import { fixed } from "../math/format";
import { Canvas, type Surface } from "../views/canvas";
import type { Space } from "../views/space";
import { Downloads } from "./downloads";
import { PlaneChoice } from "./plane";
import { Segmented } from "./fields";
import { SpaceView } from "./space";
import { TimeTravel, WAITING } from "./transport";

export function Hero() {
  const { mode } = view.value;
  const m = configured.value?.n_hidden;
  const space = mode === "3d" && m !== 1;
  return (
    <section class="card hero" aria-label="Feature vectors">
      <header class="card-head">
        <h2>{m === undefined ? "Features" : `Features in ${m}-D`}</h2>
        <div class="card-tools">
          <PlaneChoice />
          <Segmented
            label="Dimensions of the picture"
            value={mode}
            choices={[
              { value: "2d", text: "2-D" },
              {
                value: "3d",
                text: "3-D",
                disabled: m === 1,
                help: "Drag to turn it; arrow keys turn it too.",
              },
            ]}
            onChange={(next) => look({ mode: next })}
          />
          <Downloads />
        </div>
      </header>
      <div class="hero-body">
        <FeatureNote />
        {preparing.value && <Preparing />}
        <Filming />
        {space ? (
          <SpaceView
            instead={<PlaneView />}
            label="Each feature as a rod from the centre of the unit sphere. Arrow keys turn it."
            draw={drawSpace}
          />
        ) : (
          <PlaneView />
        )}
      </div>
      <TimeTravel />
    </section>
  );
}

/** Why nothing moves yet; it fades in late, so that it does not flicker where all is ready. */
function Preparing() {
  return (
    <p class={blank.value ? "preparing at-once" : "preparing"} role="status">
      <b>Preparing …</b> {WAITING}
    </p>
  );
}

/** How far the film is that is being made. */
function Filming() {
  const now = filming.value;
  if (!now) return null;
  return (
    <p class="filming">
      <b role="status">Filming</b>
      <progress value={now.done} max={now.total} aria-label="Filmed steps" />
      <span class="tabular">
        {now.done} of {now.total}
      </span>
      <button type="button" class="button" name="stop-film" onClick={stopFilming}>
        Stop
      </button>
    </p>
  );
}

/** That of the step that is shown. */
function importance(i: number): number {
  const given = frame.value?.numbers.importance;
  return (Array.isArray(given) ? given[i] : given) ?? 1;
}

/** The numbers of the feature under the pointer. */
function FeatureNote() {
  // The numbers follow the training while the pointer rests.
  frame.value;
  const scene = currentScene();
  const i = hovered.value;
  if (!scene || i === null || i >= scene.weights.n) return null;
  const numbers = [
    ["length", scene.lengths[i]!],
    ["D", scene.D[i]!],
    ["importance", importance(i)],
    ["bias", scene.weights.b[i]!],
  ] as const;
  return (
    <p class="feature-note" data-testid="feature">
      <b style={{ borderColor: scene.colour(i) }}>feature {i}</b>
      {numbers.map(([name, value]) => (
        <span key={name}>
          {name} {fixed(value)}
        </span>
      ))}
    </p>
  );
}

function drawPlane(surface: Surface): void {
  const scene = currentScene();
  if (scene) vectors.draw(surface, scene, flat.points(scene, view.peek()));
}

function drawSpace(space: Space): void {
  const scene = currentScene();
  if (scene) space.draw(scene, spatial.points(scene, view.peek()), printing.peek());
}

function PlaneView() {
  return (
    <Canvas
      loop={loop}
      name="vectors"
      label="Each feature as a line from the centre; edges join features that interfere."
      draw={drawPlane}
      onPoint={(x, y) => (hovered.value = vectors.at(x, y))}
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
