/** The column of choices: the problem, the model, how it is trained. */

import type { ComponentChildren } from "preact";

import { short } from "../math/format";
import { change } from "../state/actions";
import { defaultGroups } from "../state/groups";
import { hello, settings } from "../state/session";
import { type Settings, hasNeurons } from "../state/settings";
import { Check, Choice, NumberField, Slider } from "./fields";
import { Importance } from "./importance";
import { Training } from "./training";

const KIND_NAMES = [
  ["relu_output", "ReLU output"],
  ["linear", "linear"],
  ["relu_hidden", "ReLU hidden and output"],
  ["two_layer", "two layers, untied"],
] as const;

const ACTIVATION_NAMES = [
  ["relu", "ReLU"],
  ["gelu", "GELU"],
  ["leaky", "leaky ReLU"],
  ["quadratic", "quadratic"],
  ["identity", "none"],
] as const;

const DATA_NAMES = [
  ["independent", "independent"],
  ["correlated", "correlated sets"],
  ["anticorrelated", "anticorrelated sets"],
  ["groups", "both kinds of sets"],
] as const;

/** `brief`: the sparsity alone is open, as a lesson needs it. */
export function Controls({ brief = false }: { brief?: boolean }) {
  const s = settings.value;
  return (
    <form
      class="controls"
      aria-label="The model and its training"
      onSubmit={(e) => e.preventDefault()}
    >
      <Group title="Sparsity" open>
        <Probability s={s} />
      </Group>
      <Group title="Features" open={!brief}>
        <Shape s={s} />
        <Importance s={s} />
        <Data s={s} />
      </Group>
      <Group title="Model" open={!brief}>
        <Model s={s} />
      </Group>
      <Group title="Training">
        <Training s={s} />
      </Group>
    </form>
  );
}

function Group(props: { title: string; open?: boolean; children: ComponentChildren }) {
  return (
    <details class="group" open={props.open ?? false}>
      <summary>{props.title}</summary>
      <div class="group-body">{props.children}</div>
    </details>
  );
}

function Probability({ s }: { s: Settings }) {
  const inSets = s.data !== "independent";
  return (
    <Slider
      name="p"
      label={inSets ? "Probability of a set, p" : "Feature probability p"}
      help={
        inSets
          ? "The chance that a set of features is active in a sample. It acts on the running training."
          : "The chance that a feature is active in a sample, 1 − S. It acts on the running training: slide it and watch."
      }
      value={s.p}
      low={1e-3}
      high={1}
      log
      text={short(s.p)}
      hint={
        <>
          1/(1−S) = <b>{short(1 / s.p)}</b>,{" "}
          {s.p > 0.5 ? "dense" : s.p > 0.1 ? "rather sparse" : "sparse"}
        </>
      }
      onInput={(p) => change({ p })}
    />
  );
}

function Shape({ s }: { s: Settings }) {
  const limits = hello.value?.limits;
  return (
    <>
      <NumberField
        name="n"
        label="Features n"
        help="How many features the data has."
        value={s.n}
        low={1}
        high={Math.min(limits?.features ?? 400, 400)}
        step={s.data === "independent" ? 1 : s.setSize}
        disabled={s.data === "groups"}
        onChange={(n) => change({ n })}
      />
      <NumberField
        name="m"
        label="Dimensions m"
        help="How many dimensions the model squeezes the features through."
        value={s.m}
        low={1}
        high={Math.min(limits?.hidden ?? 200, 200)}
        onChange={(m) => change({ m })}
      />
    </>
  );
}

function Data({ s }: { s: Settings }) {
  const setData = (data: Settings["data"]): void =>
    change(data === "groups" ? { data, groups: defaultGroups(s.n, s.setSize) } : { data });
  return (
    <>
      <Choice
        name="data"
        label="Features are"
        help="Correlated: the features of a set are active together. Anticorrelated: at most one of a set is."
        value={s.data}
        choices={DATA_NAMES}
        onChange={setData}
      />
      {(s.data === "correlated" || s.data === "anticorrelated") && (
        <NumberField
          name="setSize"
          label="Features per set"
          help="Each set has a colour of its own in every view."
          value={s.setSize}
          low={1}
          high={Math.min(s.n, 40)}
          onChange={(setSize) => change({ setSize })}
        />
      )}
      {s.data !== "groups" && (
        <Choice
          name="magnitude"
          label="Values"
          help="How large a feature is when it is active."
          value={s.magnitude}
          choices={[
            ["uniform", "0 to 1"],
            ["signed", "−1 to 1"],
            ["exponential", "exponential"],
            ["one", "1"],
          ]}
          onChange={(magnitude) => change({ magnitude })}
        />
      )}
    </>
  );
}

function Model({ s }: { s: Settings }) {
  const hidden = s.kind === "relu_hidden" || s.kind === "two_layer";
  return (
    <>
      <Choice
        name="kind"
        label="Kind"
        help="What lies between the features and their reconstruction. ReLU output: x′ = ReLU(WᵀWx + b)."
        value={s.kind}
        choices={KIND_NAMES}
        onChange={(kind) => change({ kind })}
      />
      {s.kind !== "linear" && (
        <Choice
          name="activation"
          label="Activation"
          help="The function applied to the output."
          value={s.activation}
          choices={ACTIVATION_NAMES}
          onChange={(activation) => change({ activation })}
        />
      )}
      {s.kind === "two_layer" && (
        <Choice
          name="hiddenActivation"
          label="Hidden activation"
          help="The function applied to the hidden dimensions; with one, they are neurons."
          value={s.hiddenActivation}
          choices={[
            ["relu", "ReLU"],
            ["identity", "none"],
          ]}
          onChange={(hiddenActivation) => change({ hiddenActivation })}
        />
      )}
      <Choice
        name="target"
        label="Target"
        help="What the model is to give back: the features, or a function of each, which it must compute."
        value={s.target}
        choices={[
          ["x", "x"],
          ["abs", "|x|"],
          ["relu", "max(x, 0)"],
          ["square", "x²"],
          ["cube", "x³"],
          ["sign", "sign of x"],
          ["step", "1 if x > 0"],
        ]}
        onChange={(target) => change({ target })}
      />
      <Check
        name="bias"
        label="Output bias"
        help="Whether b is trained; else it stays 0."
        value={s.bias}
        onChange={(bias) => change({ bias })}
      />
      {hidden && (
        <Check
          name="hiddenBias"
          label="Hidden bias"
          help="Whether the hidden dimensions have a bias."
          value={s.hiddenBias}
          onChange={(hiddenBias) => change({ hiddenBias })}
        />
      )}
      {hasNeurons(s) && (
        <NumberField
          name="l1"
          label="Penalty λ‖h‖₁"
          help="Holds hidden activations down. It acts on the running training."
          value={s.l1}
          low={0}
          high={1}
          step="any"
          onChange={(l1) => change({ l1 })}
        />
      )}
    </>
  );
}
