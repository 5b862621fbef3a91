/** The polytopes that were found: in the model that is shown, and in all N. */

import { css, cycle } from "../colour/scales";
import { count, fixed } from "../math/format";
import { select } from "../state/actions";
import {
  analysis,
  analysisStale,
  blank,
  censusStale,
  colours,
  configured,
  hovered,
  look,
  ownAnalysis,
  scheme,
  view,
} from "../state/session";
import type { Factor } from "../wire/messages";

/** More factors than this are told by how many there are. */
const LISTED = 14;
const CHIPS = 10;

export function Shapes() {
  const a = analysis.value;
  if (!a) return <p class="quiet">{blank.value ? "Preparing …" : "Not looked at yet …"}</p>;
  const n = configured.value?.n_features ?? 0;
  const stale = analysisStale.value;
  return (
    <div class="shapes">
      <div class={stale ? "stale" : undefined}>
        <p class="shape-name" data-testid="shape">
          {a.shape}
        </p>
        <p class="quiet" data-testid="analysis-of">
          {stale && "older: "}
          {!ownAnalysis.value && `model ${a.selected.seed}, `}
          step {count(a.step)}
          {a.represented !== null && `: ${a.represented} of ${n} features represented`}
          {a.dimensions_per_feature !== null &&
            `, D* = ${fixed(a.dimensions_per_feature)} dimensions each`}
        </p>
        <ul class="factors" aria-label="Tegum factors of this model">
          {a.factors.slice(0, LISTED).map((factor, k) => (
            <li key={k}>
              <FactorButton factor={factor} position={k} />
            </li>
          ))}
          {a.factors.length > LISTED && <li class="quiet">and {a.factors.length - LISTED} more</li>}
        </ul>
      </div>
      {a.shapes && <Counts shapes={a.shapes} at={a.shapes_step} />}
    </div>
  );
}

/** The census, and the step that it is of: all of it of one step. */
function Counts({
  shapes,
  at,
}: {
  shapes: { name: string; seeds: number[] }[];
  at: number | null;
}) {
  const stale = censusStale.value;
  return (
    <div class={stale ? "stale" : undefined}>
      {shapes.length > 0 && <Census shapes={shapes} />}
      <p class="quiet" data-testid="census-of">
        {at !== null && `all models, at step ${count(at)}`}
        {(stale || at === null) && (at === null ? "counting …" : "; counting …")}
      </p>
    </div>
  );
}

function FactorButton({ factor, position }: { factor: Factor; position: number }) {
  const m = configured.value?.n_hidden ?? 0;
  const pressed = view.value.plane === "factor" && view.value.factor === position;
  const name =
    factor.name === "unnamed" && factor.closest ? `unnamed, near ${factor.closest}` : factor.name;
  return (
    <button
      type="button"
      class="factor"
      aria-pressed={pressed}
      title={m > 2 ? "Look at the plane of this factor" : "The features of this factor"}
      onClick={() => look(pressed ? { plane: "principal" } : { plane: "factor", factor: position })}
      onPointerEnter={() => (hovered.value = factor.features[0] ?? null)}
      onPointerLeave={() => (hovered.value = null)}
    >
      <span>{name}</span>
      <span class="chips">
        {factor.features.slice(0, CHIPS).map((i) => (
          <Chip key={i} feature={i} />
        ))}
        {factor.features.length > CHIPS && `+${factor.features.length - CHIPS}`}
      </span>
    </button>
  );
}

function Chip({ feature }: { feature: number }) {
  const background = colours.value[feature];
  return (
    <span class="chip" style={background ? { background } : {}} title={`feature ${feature}`} />
  );
}

/** How many of the N models have each shape; a click shows the first of them. */
function Census({ shapes }: { shapes: { name: string; seeds: number[] }[] }) {
  const total = shapes.reduce((sum, { seeds }) => sum + seeds.length, 0);
  return (
    <ul class="census" aria-label="Shapes of all models">
      {shapes.slice(0, 8).map(({ name, seeds }, k) => (
        <li key={name}>
          <button
            type="button"
            class="bare-row"
            title={`Show model ${seeds[0]}`}
            onClick={() => select(seeds[0] ?? null)}
          >
            <span
              class="bar"
              style={{
                width: `${(100 * seeds.length) / total}%`,
                background: css(cycle(k, scheme.value), 0.35),
              }}
            />
            <span>{name}</span>
            <span class="tabular">{seeds.length}</span>
          </button>
        </li>
      ))}
      {shapes.length > 8 && <li class="quiet">and {shapes.length - 8} rarer shapes</li>}
    </ul>
  );
}
