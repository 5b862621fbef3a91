/** Run, pause, step, restart; where the training stands; the way back through its steps. */

import { count, short } from "../math/format";
import { restart, runOrPause, seek, speed, step } from "../state/actions";
import { configured, connection, frame, history, preparing, status } from "../state/session";
import { presenting } from "../page/present";
import { updatesPerSecond } from "../page/stage";
import type { Frame } from "../wire/messages";

export function Transport() {
  const running = status.value === "running";
  const past = frame.value?.past ?? false;
  const nothing = connection.value !== "open" || status.value === "none";
  return (
    <section class="card transport" aria-label="Run the training">
      <div class="buttons">
        <button
          type="button"
          class="button primary"
          name="run"
          title="Space"
          onClick={runOrPause}
          disabled={nothing}
        >
          {running
            ? "Pause"
            : past
              ? "Run on from now"
              : status.value === "done"
                ? "Run on"
                : "Run"}
        </button>
        <button
          type="button"
          class="button"
          name="step"
          title={past ? "One step from the present: full stop key" : "One step: full stop key"}
          onClick={() => step()}
          disabled={running || nothing}
        >
          Step
        </button>
        <button
          type="button"
          class="button"
          name="restart"
          title="From step 0, with the numbers as they are: R"
          onClick={restart}
          disabled={nothing}
        >
          Restart
        </button>
        <Speed />
      </div>
      <Numbers />
    </section>
  );
}

const SPEEDS = [
  ["", "full speed"],
  ["1000", "1000 steps/s"],
  ["200", "200 steps/s"],
  ["50", "50 steps/s"],
  ["10", "10 steps/s"],
] as const;

function Speed() {
  return (
    <select
      name="speed"
      aria-label="Speed"
      title="At most so many steps per second"
      onChange={({ currentTarget: { value } }) => speed(value ? Number(value) : null)}
    >
      {SPEEDS.map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

export const WAITING =
  "The first training of a kind compiles its kernels, which takes a while; they are kept for the next ones.";

function Numbers() {
  const f = frame.value;
  const waiting = preparing.value;
  if (!f) {
    return (
      <dl class="numbers">
        {waiting && <Figure name="step" value="preparing …" help={WAITING} />}
      </dl>
    );
  }
  const n = configured.value?.seeds ?? 1;
  return (
    <dl class="numbers">
      <Figure
        name="step"
        value={waiting ? "preparing …" : count(f.step)}
        help={waiting ? WAITING : undefined}
      />
      <Figure
        name={
          f.measured === null || f.measured === f.step ? "loss" : `loss, step ${count(f.measured)}`
        }
        value={!f.finite ? "diverged" : f.loss === null ? "–" : short(f.loss)}
        help="Of the model that is shown, on one fresh batch"
      />
      <Figure
        name="model"
        value={`${f.selected.seed}${best(f)} of ${n}`}
        help="The seed of the model that is shown"
      />
      {!presenting.value && (
        <Figure
          name="steps/s"
          value={f.status === "running" ? count(f.rate.steps) : "–"}
          help={`${updatesPerSecond().toFixed(0)} pictures per second`}
        />
      )}
      {f.diverged > 0 && <Figure name="diverged" value={count(f.diverged)} />}
    </dl>
  );
}

/** Which model is best is found in the present. */
const best = ({ selected, past }: Frame): string =>
  selected.by !== "best" ? "" : past ? ", best now," : ", best";

function Figure({ name, value, help }: { name: string; value: string; help?: string | undefined }) {
  return (
    <div title={help}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** A slider over the steps that were kept; its right end is the present. */
export function TimeTravel() {
  const steps = history.value;
  const f = frame.value;
  const past = f?.past ? steps.findLastIndex((kept) => kept <= f.step) : steps.length;
  const text = f?.past ? `step ${count(f.step)}` : "the present";
  return (
    <div class="travel">
      <label for="travel">Time travel</label>
      <input
        id="travel"
        name="travel"
        type="range"
        min={0}
        max={steps.length}
        step={1}
        value={past}
        disabled={steps.length === 0}
        aria-valuetext={text}
        title="Look at an earlier step; the training pauses"
        onInput={({ currentTarget: { valueAsNumber: place } }) => seek(steps[place] ?? null)}
      />
      <button
        type="button"
        class="button"
        name="present"
        disabled={!f?.past}
        onClick={() => seek(null)}
      >
        Now
      </button>
    </div>
  );
}
