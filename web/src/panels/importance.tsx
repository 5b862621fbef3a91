/** How much each feature counts in the loss: a form, its number, and a picture of the curve. */

import { short } from "../math/format";
import { change } from "../state/actions";
import { type Settings, importances } from "../state/settings";
import { Choice, Entry, Refusal, Slider } from "./fields";

export function Importance({ s }: { s: Settings }) {
  const falling = s.form === "geometric";
  return (
    <>
      <Choice
        name="form"
        label="Importance"
        help="How much each feature counts in the loss. It acts on the running training."
        value={s.form}
        choices={[
          ["equal", "all equal"],
          ["geometric", "falling, rⁱ"],
          ["last", "the last differs"],
          ["list", "listed"],
        ]}
        onChange={(form) => change(startOf(form, s))}
      />
      {(falling || s.form === "last") && (
        <Slider
          name="ratio"
          label={falling ? "Ratio r" : "Last importance"}
          help={
            falling
              ? "Each feature counts r times as much as the one before."
              : "How much the last feature counts; the others count 1."
          }
          value={s.ratio}
          low={falling ? 0.3 : 0.1}
          high={falling ? 1 : 10}
          log={!falling}
          text={short(s.ratio)}
          onInput={(ratio) => change({ ratio })}
        />
      )}
      {s.form === "list" && <ListField s={s} />}
      {s.form !== "equal" && <Curve values={importances(s)} />}
    </>
  );
}

function startOf(form: Settings["form"], s: Settings): Partial<Settings> {
  if (form === "list") return { form, list: importances(s) };
  if (form === "geometric") return { form, ratio: s.ratio > 1 ? 0.9 : s.ratio };
  return { form };
}

function ListField({ s }: { s: Settings }) {
  return (
    <div class="field">
      <label for="importance-list">One number per feature</label>
      <Entry
        id="importance-list"
        class="wide"
        type="text"
        name="list"
        shown={s.list.map((x) => Number(x.toPrecision(4))).join(", ")}
        take={(text) => {
          const list = text
            .split(/[\s,;]+/)
            .filter(Boolean)
            .map(Number);
          const good = list.length > 0 && list.every((x) => x >= 0) && list.some((x) => x > 0);
          if (!good) return "must be numbers from 0 up, one of them above 0";
          change({ list });
          return null;
        }}
      />
      <Refusal name="list" />
    </div>
  );
}

/** The importances as small bars. */
function Curve({ values }: { values: number[] }) {
  const highest = Math.max(...values);
  const width = 100 / values.length;
  return (
    <svg
      class="importance"
      viewBox="0 0 100 24"
      preserveAspectRatio="none"
      role="img"
      aria-label={`Importances from ${short(values[0] ?? 1)} to ${short(values.at(-1) ?? 1)}`}
    >
      {values.map((value, i) => (
        <rect
          key={i}
          x={i * width + 0.1 * width}
          width={0.8 * width}
          y={24 - (22 * value) / highest}
          height={(22 * value) / highest}
        />
      ))}
    </svg>
  );
}
