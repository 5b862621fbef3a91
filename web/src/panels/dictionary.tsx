/** A dictionary of the model: its picture over the truth, what it has found, and its controls. */

import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";

import { FOUND } from "../math/cosines";
import { count, fixed, short } from "../math/format";
import { type Shown, ofThisModel, ofThisRun, placed, shownDictionary } from "../page/atoms";
import { printing } from "../page/print";
import { loop } from "../page/stage";
import { dictionaryRunning, startDictionary, trainOrStop, wish } from "../state/actions";
import {
  blank,
  configured,
  connection,
  frame,
  hello,
  hovered,
  look,
  offer,
  preparing,
  scheme,
  status,
  view,
} from "../state/session";
import { isSite } from "../wire/data";
import { type Architecture, isCounted } from "../wire/messages";
import { drawAtoms, drawCosines, drawRecovery } from "../views/atoms";
import { Canvas, type Surface } from "../views/canvas";
import { Vectors } from "../views/vectors";
import { Card } from "./cards";
import { Choice, NumberField, Segmented, Slider } from "./fields";
import { SpaceView } from "./space";

/** The ends of the slider of the price. */
const [CHEAP, DEAR] = [0.01, 3];
const SOON = 60;

const KINDS: readonly (readonly [Architecture, string])[] = [
  ["relu", "ReLU"],
  ["topk", "TopK"],
  ["batchtopk", "BatchTopK"],
  ["jumprelu", "JumpReLU"],
  ["gated", "Gated"],
];
/** So many of these a page without a server trains. */
const OF_PAGE = 3;
/** Of a model that trains on without an end: so many steps are enough to have a shape. */
const FORMED = 3000;

/** Where there is a model at rest, its dictionary is trained without being asked for. */
function useLife(waits: boolean): void {
  const ready = connection.value === "open" && hello.value !== null && !blank.value;
  const still = status.value === "paused" || status.value === "done";
  const resting = still || (!waits && (frame.value?.step ?? 0) >= FORMED);
  const there = shownDictionary.value !== null && ofThisRun.value;
  useEffect(() => {
    if (ready && resting && !preparing.value && !there && !dictionaryRunning.value)
      startDictionary();
  }, [ready, resting, preparing.value, there]);
}

/** All that there is to see of it; `waits`: the model is trained first. */
export function DictionaryStage({ waits = false }: { waits?: boolean }) {
  useLife(waits);
  const now = ofThisRun.value ? shownDictionary.value : null;
  useEffect(() => loop.invalidate(), [now, scheme.value, hovered.value, view.value]);
  return (
    <div class="stage dictionary-stage" data-focus="dictionary">
      <Numbers now={now} />
      <Picture now={now} />
      <div class="side">
        <Recovery now={now} />
        <Cosines now={now} />
      </div>
    </div>
  );
}

function Numbers({ now }: { now: Shown | null }) {
  const said = now?.said;
  const rows: [string, string, string][] = said
    ? [
        ["step", count(said.step), "Of the dictionaries"],
        [
          "found",
          said.found === null ? "diverged" : `${said.found} of ${said.represented}`,
          `Features that the model represents along which an atom lies: cosine above ${FOUND}`,
        ],
        [
          "fire per sample",
          `${said.l0 === null ? "–" : fixed(said.l0)} (truth ${fixed(said.true_l0)})`,
          "Latents that fire in a sample, L0, and represented features that are active in it",
        ],
        [
          "explained",
          said.explained_variance === null ? "–" : `${fixed(100 * said.explained_variance, 1)} %`,
          "Part of the variance of the activations that the dictionary rebuilds",
        ],
        ["dead", String(said.dead), "Latents that fired in none of 2048 samples"],
        [
          "dictionary",
          `${said.seed} of ${now.said.arrays.cosines?.shape[0] ?? 1}`,
          "The one shown",
        ],
      ]
    : [];
  return (
    <section class="card transport" aria-label="The dictionary in numbers">
      <div class="buttons">
        <button
          type="button"
          class="button primary"
          name="dictionary-run"
          title="Space"
          onClick={trainOrStop}
        >
          {dictionaryRunning.value ? "Stop" : "Train"}
        </button>
      </div>
      <dl class="numbers" data-testid="dictionary">
        {rows.map(([name, value, help]) => (
          <div key={name} title={help}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
        {!said && (
          <div>
            <dt>dictionary</dt>
            <dd>{dictionaryRunning.value ? "preparing …" : "none yet"}</dd>
          </div>
        )}
      </dl>
    </section>
  );
}

function Picture({ now }: { now: Shown | null }) {
  const vectors = useMemo(() => new Vectors(), []);
  const { mode } = view.value;
  const m = configured.value?.n_hidden;
  const space = mode === "3d" && m !== 1;
  const plane = (
    <Canvas
      loop={loop}
      name="atoms"
      label="Each feature as a thick line from the centre, each atom as an arrow over it."
      draw={(surface: Surface) => {
        const shown = shownDictionary.peek();
        if (!shown || !ofThisRun.peek()) return;
        const { points, atoms } = placed(shown, false);
        vectors.draw(surface, shown.scene, points);
        drawAtoms(surface, shown.scene, atoms, vectors.place);
      }}
      onPoint={(x, y) => (hovered.value = vectors.at(x, y))}
      onLeave={() => (hovered.value = null)}
    />
  );
  return (
    <section class="card hero" aria-label="Features and atoms">
      <header class="card-head">
        <h2>Features and atoms</h2>
        <div class="card-tools">
          <Segmented
            label="Dimensions of the picture"
            value={mode}
            choices={[
              { value: "2d", text: "2-D" },
              { value: "3d", text: "3-D", disabled: m === 1 },
            ]}
            onChange={(next) => look({ mode: next })}
          />
        </div>
      </header>
      <div class="hero-body">
        <Notice now={now} />
        {space ? (
          <SpaceView
            instead={plane}
            label="Each feature as a rod, each atom as a needle. Arrow keys turn it."
            draw={(drawn) => {
              const shown = shownDictionary.peek();
              if (!shown || !ofThisRun.peek()) return;
              const { points, atoms } = placed(shown, true);
              drawn.draw(shown.scene, points, printing.peek(), atoms);
            }}
          />
        ) : (
          plane
        )}
      </div>
      <p class="quiet dictionary-key">
        Thick, in colour: the true directions. Arrows: atoms; with a ring in a feature's colour
        where they lie along it, dashed where they do not, faint where they never fire.
      </p>
    </section>
  );
}

/** Of which model it is, where that is another than the one that is shown elsewhere. */
function Notice({ now }: { now: Shown | null }) {
  if (!now) {
    return blank.value || preparing.value || dictionaryRunning.value ? (
      <p class="preparing at-once" role="status">
        <b>Preparing …</b> The first dictionary of a kind compiles its kernels.
      </p>
    ) : null;
  }
  if (ofThisModel.value) return null;
  const { step, seed } = now.said.of;
  return (
    <p class="notice" role="status">
      Of model {seed} at step {count(step)}; the live model is now at step{" "}
      {count(frame.value?.step ?? 0)}. Train takes it as it is now.
    </p>
  );
}

function Recovery({ now }: { now: Shown | null }) {
  const all = Array.from(now?.said.arrays.cosines?.data ?? []).filter(Number.isFinite);
  const seen: ComponentChildren = now && (
    <>
      shown {fixed(now.said.arrays.cosines?.data[now.said.seed] ?? NaN, 3)}; all {all.length}:{" "}
      {fixed(Math.min(...all), 2)} to {fixed(Math.max(...all), 2)}
    </>
  );
  return (
    <Card title="Mean max cosine" name="recovery" note={seen}>
      <Canvas
        loop={loop}
        name="recovery"
        interval={SOON}
        label="Mean max cosine of features and atoms against the step: shown, and the median of all."
        draw={(surface) => {
          const shown = shownDictionary.peek();
          const { steps, best, median } = shown?.said.arrays ?? {};
          if (!shown || !ofThisRun.peek() || !steps || !best || !median) return;
          const rows = { best: best.data, median: median.data };
          drawRecovery(surface, shown.scene, steps.data, rows);
        }}
      />
    </Card>
  );
}

function Cosines({ now }: { now: Shown | null }) {
  return (
    <Card title="Cosine of each feature and atom" name="cosines" note="−1 red, 1 blue">
      <Canvas
        loop={loop}
        name="cosines"
        interval={SOON}
        label={`A cell for each feature and atom${now ? `, ${now.scene.weights.n} by ${now.latents}` : ""}.`}
        draw={(surface) => {
          const shown = shownDictionary.peek();
          if (shown && ofThisRun.peek())
            drawCosines(surface, shown.scene, shown.cosines, shown.latents);
        }}
      />
    </Card>
  );
}

/** What can be chosen of it. */
export function DictionaryControls() {
  const now = view.value.wish;
  if (!offer.value) return null;
  const most = offer.value.limits.dictionary;
  return (
    <section class="dictionary-controls" aria-label="The dictionary">
      <Choice
        name="architecture"
        label="Kind"
        help="How codes are made: positive ones at a price, the k largest of a sample or of a whole batch, those above a threshold, or behind a gate."
        value={now.architecture}
        choices={isSite() ? KINDS.slice(0, OF_PAGE) : KINDS}
        onChange={(architecture) => wish({ architecture })}
      />
      {isCounted(now.architecture) ? (
        <NumberField
          name="k"
          label="Codes that stay, k"
          help="So many latents fire in a sample: at most, or on average over a batch."
          value={now.k}
          range={[1, now.latents]}
          onChange={(k) => wish({ k })}
        />
      ) : (
        <Slider
          name="price"
          label="Price of activity"
          help="λ of Σ f; of JumpReLU the price of each latent that fires. It acts at once."
          value={now.l1}
          low={CHEAP}
          high={DEAR}
          log
          text={short(now.l1)}
          onInput={(l1) => wish({ l1 })}
        />
      )}
      <NumberField
        name="latents"
        label="Latents"
        help="How many atoms the dictionary has."
        value={now.latents}
        range={[1, most.latents]}
        onChange={(latents) => wish({ latents, k: Math.min(now.k, latents) })}
      />
      <NumberField
        name="dictionary-seeds"
        label="Best of N"
        help="Dictionaries trained side by side; the one of the lowest objective is shown."
        value={now.seeds}
        range={[1, most.seeds]}
        onChange={(seeds) => wish({ seeds })}
      />
      <NumberField
        name="dictionary-seed"
        label="Seed"
        help="The same seed gives the same dictionaries of the same model."
        value={now.seed}
        range={[0, 2 ** 31]}
        onChange={(seed) => wish({ seed })}
      />
    </section>
  );
}
