/** Theory and trained models side by side; every cell is a model to open. */

import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

import { fixed, short } from "../math/format";
import { loop } from "../page/stage";
import { NumberField, Segmented } from "../panels/fields";
import { openCell, phaseRunning, startPhase, stopPhase } from "../state/actions";
import { connection, hello, look, offer, phase, scheme, view } from "../state/session";
import type { Phase } from "../wire/messages";
import { Canvas } from "../views/canvas";
import { type Cell, cellAtPoint, cellColour, drawPhase } from "../views/phase";
import { css } from "../colour/scales";

const chosen = signal<Cell | null>(null);
const wish = signal({ points: 12, seeds: 10, steps: 4000 });

function train(diagram: 2 | 3): void {
  const { points, seeds, steps } = wish.value;
  startPhase(diagram, points, seeds, steps);
}

export function PhaseTab() {
  const { diagram } = view.value;
  const now = phase.value?.n_features === diagram ? phase.value : null;
  useEffect(() => loop.invalidate(), [now, chosen.value, scheme.value]);
  const ready = connection.value === "open" && hello.value !== null;
  useEffect(() => {
    // The tab that is opened comes alive; a diagram that was trained before stays as it is.
    if (ready && !now && !phaseRunning.value) train(diagram);
  }, [ready, diagram]);
  return (
    <main class="phase" id="main">
      <section class="card phase-head">
        <div>
          <h2>When does one more feature find room?</h2>
          <p class="quiet">
            {diagram === 2
              ? "Two features share one dimension"
              : "Three features share two dimensions"}
            . The last one counts more or less than the others (to the right: more), and features
            are dense or sparse (upwards: sparser). Each cell is the best of several trained models.
          </p>
        </div>
        <Setting />
      </section>
      <div class="phase-pair">
        <Diagram which="theory" phase={now} title="Theory" />
        <Diagram which="trained" phase={now} title="Trained" />
      </div>
      <Key />
    </main>
  );
}

function Setting() {
  const { points, seeds, steps } = wish.value;
  const set = (changes: Partial<typeof wish.value>): void =>
    void (wish.value = { ...wish.value, ...changes });
  const { diagram } = view.value;
  const now = phase.value?.n_features === diagram ? phase.value : null;
  if (!offer.value) return null;
  const most = offer.value.limits.phase;
  return (
    <div class="phase-setting">
      <Segmented
        label="Size of the problem"
        value={String(diagram)}
        choices={[
          { value: "2", text: "2 features in 1-D" },
          { value: "3", text: "3 features in 2-D" },
        ]}
        onChange={(value) => {
          chosen.value = null;
          const next = value === "3" ? 3 : 2;
          look({ diagram: next });
          if (phaseRunning.value) train(next);
        }}
      />
      <NumberField
        name="points"
        label="Cells a side"
        help="points² cells are trained."
        value={points}
        range={[2, most.points]}
        onChange={(x) => set({ points: x })}
      />
      <NumberField
        name="phase-seeds"
        label="Best of N"
        help="Models per cell; the best one is shown."
        value={seeds}
        range={[1, most.seeds]}
        onChange={(x) => set({ seeds: x })}
      />
      <NumberField
        name="phase-steps"
        label="Steps"
        help="Training steps of each model."
        value={steps}
        range={[100, most.steps]}
        onChange={(x) => set({ steps: x })}
      />
      <button
        type="button"
        class="button primary"
        name="phase-run"
        onClick={() => (phaseRunning.value ? stopPhase() : train(diagram))}
      >
        {phaseRunning.value ? "Stop" : "Train"}
      </button>
      <progress aria-label="Trained cells" value={now?.done ?? 0} max={now?.total ?? 1} />
    </div>
  );
}

function Diagram({
  which,
  phase: now,
  title,
}: {
  which: "theory" | "trained";
  phase: Phase | null;
  title: string;
}) {
  return (
    <section class="card" aria-label={title}>
      <header class="card-head">
        <h2>{title}</h2>
        <span class="quiet" aria-live="polite">
          {now ? describe(now, which, chosen.value) : "Train fills it in"}
        </span>
      </header>
      <div class="phase-body">
        {now && (
          <Canvas
            loop={loop}
            name={`phase-${which}`}
            interval={60}
            label={`${title}: arrow keys choose a cell, Enter opens its model in the live view.`}
            draw={(surface) => drawPhase(surface, now, which, scheme.peek(), chosen.peek())}
            onPoint={(x, y, size) => (chosen.value = cellAtPoint(now, x, y, size))}
            onPick={(x, y, size) => {
              const cell = cellAtPoint(now, x, y, size);
              if (cell) openCell(now, cell.row, cell.column);
            }}
            onKey={(event) => moveCell(event, now)}
          />
        )}
      </div>
    </section>
  );
}

function moveCell(event: KeyboardEvent, now: Phase): void {
  const cell = chosen.value ?? { row: 0, column: 0 };
  if (event.key === "Enter") return openCell(now, cell.row, cell.column);
  const moves: Record<string, [number, number]> = {
    ArrowUp: [-1, 0],
    ArrowDown: [1, 0],
    ArrowLeft: [0, -1],
    ArrowRight: [0, 1],
  };
  const move = moves[event.key];
  if (!move) return;
  event.preventDefault();
  const within = (k: number, size: number): number => Math.min(Math.max(k, 0), size - 1);
  chosen.value = {
    row: within(cell.row + move[0], now.probabilities.length),
    column: within(cell.column + move[1], now.ratios.length),
  };
}

function describe(now: Phase, which: "theory" | "trained", cell: Cell | null): string {
  if (!cell)
    return which === "trained"
      ? `${now.done} of ${now.total} cells`
      : "the best of a few candidates";
  const k = cell.row * now.ratios.length + cell.column;
  const name = which === "theory" ? "theory" : "outcome";
  const outcome = now.outcomes[now.arrays[name]!.data[k]!] ?? "not yet trained";
  const norm = now.arrays[which === "theory" ? "theory_norm" : "norm"]!.data[k]!;
  const size = Number.isFinite(norm) ? `, length ${fixed(norm)}` : "";
  return `r = ${short(now.ratios[cell.column]!)}, p = ${short(now.probabilities[cell.row]!)}: ${outcome}${size}`;
}

function Key() {
  const entry = (norm: number, shared: number, text: string) => (
    <li>
      <span class="swatch" style={{ background: css(cellColour(norm, shared, scheme.value)) }} />
      {text}
    </li>
  );
  return (
    <ul class="phase-key" aria-label="Colours">
      {entry(0, 0, "not represented")}
      {entry(1, 0, "a dimension to itself")}
      {entry(1, 1, "in superposition")}
      <li class="quiet">Click a cell to open its model in the live view, to the last bit.</li>
    </ul>
  );
}
