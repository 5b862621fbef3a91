/** What the widget shows: the model in a plane or in space, its matrix, lengths and losses. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";

import { short } from "../math/format";
import { GramBox, LossesBox, NormsBox, PlaneBox, SeedsBox, SpaceBox, Tools } from "./boxes";
import { type Dataset, bestSeed, placesOf, pointOf, sceneOf } from "./dataset";
import type { Bound } from "./model";

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
  tools.scene =
    d &&
    sceneOf(
      d,
      { point: point.value, seed: seed.value, checkpoint: checkpoint.value, hovered },
      scheme,
    );
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
        {d.checkpoints.length > 0 && d.arrays.W_checkpoint && (
          <Checkpoints
            d={d}
            chosen={checkpoint.value}
            onChoose={(k) => {
              seed.value = -1;
              checkpoint.value = k;
            }}
          />
        )}
        <button
          type="button"
          disabled={d.n_hidden < 2}
          onClick={() => (mode.value = spatial ? "live" : "space")}
        >
          {spatial ? "2-D" : "3-D"}
        </button>
      </div>
      <div class="views">
        <div class="view large">
          {spatial ? (
            <SpaceBox tools={tools} onHover={hover} />
          ) : (
            <PlaneBox tools={tools} onHover={hover} />
          )}
        </div>
        <div class="view">
          <GramBox tools={tools} onHover={hover} />
        </div>
        <div class="view">
          <NormsBox tools={tools} onHover={hover} />
        </div>
        {d.arrays.loss_curve && (
          <div class="view">
            <LossesBox tools={tools} d={d} point={point.value} />
          </div>
        )}
        {d.seeds > 1 && (
          <div class="view">
            <SeedsBox
              tools={tools}
              onPick={(picked) => {
                checkpoint.value = null;
                seed.value = picked;
              }}
            />
          </div>
        )}
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
              bound.point.value = pointOf(
                d.axes,
                places.map((p, axis) => (axis === k ? valueAsNumber : p)),
              );
            }}
          />
        </label>
      ))}
    </>
  );
}

const label = (value: number | string): string =>
  typeof value === "number" ? short(value) : value;

function Seed({ d, bound: { seed, point } }: { d: Dataset; bound: Bound }) {
  if (d.seeds < 2) return null;
  return (
    <label>
      seed {seed.value < 0 ? `${bestSeed(d, point.value)}, best` : seed.value}
      <input
        type="range"
        min={-1}
        max={d.seeds - 1}
        value={seed.value}
        onInput={(event) => (seed.value = event.currentTarget.valueAsNumber)}
      />
    </label>
  );
}

function Checkpoints({
  d,
  chosen,
  onChoose,
}: {
  d: Dataset;
  chosen: number | null;
  onChoose: (k: number | null) => void;
}) {
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
