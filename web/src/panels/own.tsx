/** Controls for fields that the page has no settings for: most by the form of the value, some drawn. */

import type { Json, JsonObject } from "../wire/json";
import type { Field, Offer, Part } from "../wire/messages";
import { change } from "../state/actions";
import { alike, correlationIn, sized } from "../state/mixture";
import { forestOf } from "../state/forest";
import { ownFields } from "../state/problem";
import type { Settings } from "../state/settings";
import { DataSet } from "./dataset";
import { Check, Choice, Entry, NumberField, Slider } from "./fields";
import { Forest } from "./forest";
import { inWords, menu } from "./names";
import { short } from "../math/format";

/** Fields that another one stands for where they are null. */
export const BESIDE: readonly string[] = ["correlation", "weights"];

/** The fields of a kind that have no other control. */
export function Own(props: { s: Settings; offer: Offer; part: Part; kind: string }) {
  const { s, offer, part, kind } = props;
  const own = s.own[part];
  const shown = ownFields(offer, part, kind).filter(
    ([name]) => !(BESIDE.includes(name) && (own[name] ?? null) === null),
  );
  return (
    <>
      {shown.map(([name, field]) => (
        <OwnField
          key={`${kind}.${name}`}
          name={name}
          field={field}
          value={own[name] ?? field.default}
          onChange={(value) => change({ own: { ...s.own, [part]: { ...own, [name]: value } } })}
        />
      ))}
    </>
  );
}

/** What a distribution lists for each feature, for n of them. */
export const ofSize = (s: Settings, n: number): JsonObject => sized(s.own.distribution, n);

interface OwnProps {
  name: string;
  /** What it is part of, in the name of the control. */
  within?: string;
  field: Field;
  value: Json;
  onChange: (value: Json) => void;
}

export function OwnField({ name, within = "", field, value, onChange }: OwnProps) {
  const common = { name: within + name, label: inWords(name), help: field.help };
  const drawn = drawnField(name, within, value, onChange);
  if (drawn) return drawn;
  switch (field.form) {
    case "choice":
      return (
        <Choice
          {...common}
          value={String(value)}
          choices={menu(field.choices)}
          onChange={onChange}
        />
      );
    case "flag":
      return <Check {...common} value={value === true} onChange={onChange} />;
    case "whole":
    case "number":
      return (
        <NumberField
          {...common}
          value={Number(value)}
          range={[field.low ?? -Infinity, field.high ?? Infinity]}
          step={field.form === "whole" ? 1 : "any"}
          onChange={onChange}
        />
      );
    default:
      return <JsonField {...common} value={value} onChange={onChange} />;
  }
}

/** What is better drawn than written: a forest, one correlation for all, a data set. */
function drawnField(name: string, within: string, value: Json, onChange: (value: Json) => void) {
  if (name === "x") return <DataSet x={value} />;
  const parents = name === "parents" ? forestOf(value) : null;
  if (parents) return <Forest parents={parents} onChange={onChange} />;
  const rho = name === "factors" ? correlationIn(value) : null;
  if (rho === null) return null;
  const rows = (value as Json[]).length;
  return (
    <Slider
      name={`${within}rho`}
      label="Correlation ρ"
      help="How alike features are switched on and off: 0 by chance, 1 all together, each as often as p says."
      value={rho}
      low={0}
      high={1}
      text={short(rho)}
      onInput={(next) => onChange(alike(rows, next))}
    />
  );
}

/** Any other value, as it stands in JSON: a number, a list of numbers, or more. */
function JsonField(props: Omit<OwnProps, "field"> & { label: string; help: string }) {
  const { name, label, help, value, onChange } = props;
  return (
    <div class="field" title={help}>
      <label for={`own-${name}`}>{label}</label>
      <Entry
        id={`own-${name}`}
        class="wide"
        type="text"
        name={name}
        aria-description={help}
        shown={JSON.stringify(value)}
        take={(text) => {
          try {
            onChange(JSON.parse(text) as Json);
            return null;
          } catch {
            return "must be JSON, such as 0.5 or [1, 2]";
          }
        }}
      />
    </div>
  );
}
