/** The parts of a mixture: what each is, how often samples are from it, and its own settings. */

import type { Json, JsonObject } from "../wire/json";
import type { Offer } from "../wire/messages";
import { short } from "../math/format";
import { change } from "../state/actions";
import { partsOf, sizeOf } from "../state/groups";
import { divisors, firstPart, mixed, oddsOf, partKinds, sharesOf } from "../state/mixture";
import type { Settings } from "../state/settings";
import { fieldsOf } from "../state/vocabulary";
import { Choice, NumberField } from "./fields";
import { DATA, MAGNITUDES, menu } from "./names";
import { BESIDE, OwnField } from "./own";

/** Fields of a part that have a control of their own here, or follow from how many features there are. */
const MINE: readonly string[] = [
  ...["n_features", "n_sets", "set_size", "feature_probability", "magnitude"],
  ...["x", "parts"],
];

export function Parts({ s, offer }: { s: Settings; offer: Offer }) {
  const parts = partsOf(s.groups);
  const odds = oddsOf(s, parts.length);
  const shares = sharesOf(odds);
  const become = (next: readonly JsonObject[], weights: readonly number[]): void =>
    change(mixed(s, next, weights));
  const put = <T,>(list: readonly T[], k: number, one: T): T[] =>
    list.map((old, i) => (i === k ? one : old));
  const dropped = <T,>(list: readonly T[], k: number): T[] => list.filter((_, i) => i !== k);
  return (
    <div class="parts">
      <p class="quiet">Every sample is from one part, by chance.</p>
      {parts.map((part, k) => (
        <Part
          key={`${k} ${part.kind}`}
          {...{ s, offer, part, k }}
          odds={odds[k]!}
          share={shares[k]!}
          onPart={(next) => become(put(parts, k, next), odds)}
          onOdds={(next) => become(parts, put(odds, k, next))}
          onRemove={parts.length > 1 ? () => become(dropped(parts, k), dropped(odds, k)) : null}
        />
      ))}
      <button
        type="button"
        class="button"
        name="part-add"
        onClick={() => become([...parts, firstPart(offer, "independent", s.n)], [...odds, 1])}
      >
        Add a part
      </button>
    </div>
  );
}

interface PartProps {
  s: Settings;
  offer: Offer;
  part: JsonObject;
  /** Which it is, from 0. */
  k: number;
  odds: number;
  share: number;
  onPart: (part: JsonObject) => void;
  onOdds: (odds: number) => void;
  onRemove: (() => void) | null;
}

function Part(props: PartProps) {
  const { s, offer, part, k, odds, share, onPart } = props;
  const kind = String(part.kind);
  const within = `parts.${k}.`;
  const fields = fieldsOf(offer, "distribution", kind);
  const n = sizeOf(part);
  const set = (name: string, value: Json): void => onPart({ ...part, [name]: value });
  const others = Object.entries(fields).filter(
    ([name]) => !MINE.includes(name) && !(BESIDE.includes(name) && (part[name] ?? null) === null),
  );
  const size = Number(part.set_size);
  return (
    <fieldset class="part">
      <legend>
        Part {k + 1}
        {Number.isFinite(share) && `, ${short(100 * share)} % of samples`}
      </legend>
      <Choice
        name={`${within}kind`}
        label="Kind"
        help="What the samples of this part are drawn from."
        value={kind}
        choices={menu(partKinds(offer), DATA)}
        onChange={(next) => onPart(firstPart(offer, next, n, size || 2))}
      />
      <NumberField
        name={`${within}odds`}
        label="Odds"
        help="How often samples are from this part, beside the odds of the others."
        value={odds}
        range={[0, Infinity]}
        step="any"
        onChange={props.onOdds}
      />
      {k > 0 && "feature_probability" in fields && (
        <NumberField
          name={`${within}p`}
          label="Probability p"
          help="The chance that a feature, or a set, is active in this part: that of the first part while it is the same."
          value={Number(part.feature_probability ?? s.p)}
          range={[0, 1]}
          step="any"
          onChange={(p) => {
            const { feature_probability: _, ...rest } = part;
            onPart(p === s.p ? rest : { ...rest, feature_probability: p });
          }}
        />
      )}
      {"set_size" in fields && (
        <Choice
          name={`${within}setSize`}
          label="Features per set"
          help="Sets of as many features each that fill all of them."
          value={String(size)}
          choices={menu(divisors(n).map(String))}
          onChange={(next) => onPart({ ...part, n_sets: n / Number(next), set_size: Number(next) })}
        />
      )}
      {fields.magnitude && (
        <Choice
          name={`${within}magnitude`}
          label="Values"
          help="How large a feature is when it is active."
          value={String(part.magnitude ?? fields.magnitude.default)}
          choices={menu(fields.magnitude.choices, MAGNITUDES)}
          onChange={(magnitude) => set("magnitude", magnitude)}
        />
      )}
      {others.map(([name, field]) => (
        <OwnField
          key={name}
          {...{ name, within, field }}
          value={part[name] ?? field.default}
          onChange={(value) => set(name, value)}
        />
      ))}
      {props.onRemove && (
        <button type="button" class="button" name={`${within}remove`} onClick={props.onRemove}>
          Remove part {k + 1}
        </button>
      )}
    </fieldset>
  );
}
