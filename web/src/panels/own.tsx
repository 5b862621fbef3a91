/** Controls for fields that the page does not know by name: a control for each form of value. */

import type { Json } from "../wire/json";
import type { Field, Offer, Part } from "../wire/messages";
import { change } from "../state/actions";
import { ownFields } from "../state/problem";
import type { Settings } from "../state/settings";
import { Check, Choice, Entry, NumberField } from "./fields";
import { inWords, menu } from "./names";

/** The fields of a kind that have no other control. */
export function Own(props: { s: Settings; offer: Offer; part: Part; kind: string }) {
  const { s, offer, part, kind } = props;
  return (
    <>
      {ownFields(offer, part, kind).map(([name, field]) => (
        <OwnField
          key={`${kind}.${name}`}
          name={name}
          field={field}
          value={s.own[part][name] ?? field.default}
          onChange={(value) =>
            change({ own: { ...s.own, [part]: { ...s.own[part], [name]: value } } })
          }
        />
      ))}
    </>
  );
}

interface OwnProps {
  name: string;
  field: Field;
  value: Json;
  onChange: (value: Json) => void;
}

function OwnField({ name, field, value, onChange }: OwnProps) {
  const common = { name, label: inWords(name), help: field.help };
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
