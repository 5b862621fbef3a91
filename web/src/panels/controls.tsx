/** The column of choices: the problem, the model, how it is trained. */

import type { ComponentChildren } from "preact";

import { count, short } from "../math/format";
import { change } from "../state/actions";
import { defaultGroups, partsOf } from "../state/groups";
import { firstForest } from "../state/forest";
import { MIXTURE, alike, defaultMixture, sized } from "../state/mixture";
import { numbersIn } from "../state/numbers";
import { startOf } from "../state/problem";
import { configured, frame, offer, settings } from "../state/session";
import { type Settings, rangeOf } from "../state/settings";
import { fieldsOf, kindsOf } from "../state/vocabulary";
import type { JsonObject } from "../wire/json";
import type { Fields, Offer, Part } from "../wire/messages";
import { Check, Choice, NumberField, Slider } from "./fields";
import { Importance } from "./importance";
import { ACTIVATIONS, DATA, MAGNITUDES, MODELS, TARGETS, menu } from "./names";
import { Own, ofSize } from "./own";
import { Parts } from "./parts";
import { Training } from "./training";

/** Settings, and what the server offers to set them to. */
export interface Choices {
  s: Settings;
  offer: Offer;
}

/** `named`: the groups that a lesson asks for; the others stay closed. */
export function Controls({ named }: { named?: readonly string[] }) {
  if (!offer.value) return null;
  const given = { s: settings.value, offer: offer.value };
  return (
    <form
      class="controls"
      aria-label="The model and its training"
      onSubmit={(e) => e.preventDefault()}
    >
      <Group title="Sparsity" named={named} open>
        <Probability {...given} />
      </Group>
      <Group title="Features" named={named} open={!named}>
        <Shape {...given} />
        <Importance s={given.s} />
        <Data {...given} />
      </Group>
      <Group title="Model" named={named} open={!named}>
        <Model {...given} />
      </Group>
      <Group title="Training" named={named}>
        <Training {...given} />
      </Group>
    </form>
  );
}

interface GroupProps {
  title: string;
  named: readonly string[] | undefined;
  open?: boolean;
  children: ComponentChildren;
}

function Group({ title, named, open = false, children }: GroupProps) {
  const wanted = named?.includes(title.toLowerCase()) ?? false;
  return (
    <details class="group" data-named={wanted} open={open || wanted}>
      <summary>{title}</summary>
      <div class="group-body">{children}</div>
    </details>
  );
}

/** Another kind of a part, with what it has of its own as it starts. */
const begun = ({ s, offer }: Choices, part: Part, kind: string): Pick<Settings, "own"> => ({
  own: { ...s.own, [part]: startOf(offer, part, kind) },
});

/** What the probability is of, and what it does. */
function meaning(fields: Fields): [label: string, help: string] {
  if ("parts" in fields && "weights" in fields) {
    return [
      "Probability p",
      "The chance that a feature, or a set, is active in a sample of a part that has no other.",
    ];
  }
  if ("set_size" in fields || "parts" in fields) {
    return ["Probability of a set, p", "The chance that a set of features is active in a sample."];
  }
  if ("parents" in fields) {
    return [
      "Probability p, given the parent",
      "The chance that a feature is active if its parent is.",
    ];
  }
  return ["Feature probability p", "The chance that a feature is active in a sample, 1 − S."];
}

function Probability({ s, offer }: Choices) {
  const fields = fieldsOf(offer, "distribution", s.data);
  const [label, help] = meaning(fields);
  if ("x" in fields) return <p class="quiet">How often features are active, the data set says.</p>;
  return (
    <Slider
      name="p"
      label={label}
      help={`${help} It acts on the running training: slide it and watch.`}
      value={s.p}
      low={1e-3}
      high={1}
      log
      text={short(s.p)}
      hint={
        <>
          1/(1−S) = <b>{short(1 / s.p)}</b>,{" "}
          {s.p > 0.5 ? "dense" : s.p > 0.1 ? "rather sparse" : "sparse"}
          <Then s={s} />
        </>
      }
      onInput={(p) => change({ p })}
    />
  );
}

/** While an earlier step is looked at, the probability that it had, if the training has another. */
function Then({ s }: Pick<Choices, "s">) {
  const f = frame.value;
  const p = f?.past ? numbersIn(f.numbers, s).p : undefined;
  if (!f || p === undefined || p === s.p) return null;
  return (
    <>
      ; at step {count(f.step)} p was <b>{short(p)}</b>
    </>
  );
}

function Shape({ s, offer }: Choices) {
  const fields = fieldsOf(offer, "distribution", s.data);
  const inSets = "set_size" in fields;
  const mixture = s.data === MIXTURE;
  const listed = mixture || "parents" in fields || "factors" in fields;
  const resized = (n: number): Partial<Settings> => {
    if (!listed) return { n };
    if (!mixture) return { own: { ...s.own, distribution: ofSize(s, n) } };
    return { groups: JSON.stringify(partsOf(s.groups).map((part) => sized(part, n))) };
  };
  return (
    <>
      <NumberField
        name="n"
        label="Features n"
        help="How many features the data has."
        value={s.n}
        range={rangeOf("n", offer)}
        step={inSets ? s.setSize : 1}
        disabled={!inSets && !("n_features" in fields) && !listed}
        onChange={(n) => change(resized(n))}
      />
      <NumberField
        name="m"
        label="Dimensions m"
        help="How many dimensions the model squeezes the features through."
        value={s.m}
        range={rangeOf("m", offer)}
        onChange={(m) => change({ m })}
      />
    </>
  );
}

function Data({ s, offer }: Choices) {
  const fields = fieldsOf(offer, "distribution", s.data);
  const [low, high] = rangeOf("setSize", offer);
  return (
    <>
      <Choice
        name="data"
        label="Features are"
        help="Correlated: the features of a set are active together. Anticorrelated: at most one of a set is."
        value={s.data}
        choices={menu(kindsOf(offer, "distribution"), DATA)}
        onChange={(data) => change(chosen({ s, offer }, data))}
      />
      {"set_size" in fields && (
        <NumberField
          name="setSize"
          label="Features per set"
          help="Each set has a colour of its own in every view."
          value={s.setSize}
          range={[low, Math.min(s.n, high)]}
          onChange={(setSize) => change({ setSize })}
        />
      )}
      {fields.magnitude && (
        <Choice
          name="magnitude"
          label="Values"
          help="How large a feature is when it is active."
          value={s.magnitude}
          choices={menu(fields.magnitude.choices, MAGNITUDES)}
          onChange={(magnitude) => change({ magnitude })}
        />
      )}
      {s.data === MIXTURE ? (
        <Parts s={s} offer={offer} />
      ) : (
        <Own s={s} offer={offer} part="distribution" kind={s.data} />
      )}
    </>
  );
}

/** Another distribution, of as many features where it can have them. */
function chosen(given: Choices, data: string): Partial<Settings> {
  const { s, offer } = given;
  const fields = fieldsOf(offer, "distribution", data);
  const wish = { data, ...begun(given, "distribution", data) };
  if (data === MIXTURE) return { ...wish, groups: defaultMixture(offer, s.n) };
  if ("parts" in fields) return { ...wish, groups: defaultGroups(s.n, s.setSize) };
  if ("parents" in fields)
    return { ...wish, own: ownWith(wish.own, { parents: firstForest(s.n) }) };
  if ("factors" in fields) return { ...wish, own: ownWith(wish.own, { factors: alike(s.n) }) };
  // How many features one has that sets their number itself is known when it is there.
  return "n_features" in fields || "set_size" in fields ? wish : { ...wish, form: "equal" };
}

const ownWith = (own: Settings["own"], law: JsonObject): Settings["own"] => ({
  ...own,
  distribution: { ...own.distribution, ...law },
});

function Model({ s, offer }: Choices) {
  const fields = fieldsOf(offer, "model", s.kind);
  return (
    <>
      <Choice
        name="kind"
        label="Kind"
        help="What lies between the features and their reconstruction. ReLU output: x′ = ReLU(WᵀWx + b)."
        value={s.kind}
        choices={menu(kindsOf(offer, "model"), MODELS)}
        onChange={(kind) => change({ kind, ...begun({ s, offer }, "model", kind) })}
      />
      {fields.activation && (
        <Choice
          name="activation"
          label="Activation"
          help="The function applied to the output."
          value={s.activation}
          choices={menu(fields.activation.choices, ACTIVATIONS)}
          onChange={(activation) => change({ activation })}
        />
      )}
      {fields.hidden_activation && (
        <Choice
          name="hiddenActivation"
          label="Hidden activation"
          help="The function applied to the hidden dimensions; with one, they are neurons."
          value={s.hiddenActivation}
          choices={menu(fields.hidden_activation.choices, ACTIVATIONS)}
          onChange={(hiddenActivation) => change({ hiddenActivation })}
        />
      )}
      <Choice
        name="target"
        label="Target"
        help="What the model is to give back: the features, or a function of each, which it must compute."
        value={s.target}
        choices={menu(kindsOf(offer, "target"), TARGETS)}
        onChange={(target) => change({ target, ...begun({ s, offer }, "target", target) })}
      />
      <Own s={s} offer={offer} part="target" kind={s.target} />
      {fields.bias && (
        <Check
          name="bias"
          label="Output bias"
          help="Whether b is trained; else it stays 0."
          value={s.bias}
          onChange={(bias) => change({ bias })}
        />
      )}
      {fields.hidden_bias && (
        <Check
          name="hiddenBias"
          label="Hidden bias"
          help="Whether the hidden dimensions have a bias."
          value={s.hiddenBias}
          onChange={(hiddenBias) => change({ hiddenBias })}
        />
      )}
      <Own s={s} offer={offer} part="model" kind={s.kind} />
      {configured.value?.neurons && (
        <NumberField
          name="l1"
          label="Penalty λ‖h‖₁"
          help="Holds hidden activations down. It acts on the running training."
          value={s.l1}
          range={rangeOf("l1", offer)}
          step="any"
          onChange={(l1) => change({ l1 })}
        />
      )}
    </>
  );
}
