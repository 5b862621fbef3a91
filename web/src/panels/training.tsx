/** How the models are trained: optimiser, steps, seeds. */

import { count, short } from "../math/format";
import { change } from "../state/actions";
import { hello } from "../state/session";
import type { Settings } from "../state/settings";
import { Choice, NumberField, Slider } from "./fields";

const OPTIMIZER_NAMES = [
  ["adam", "Adam"],
  ["adamw", "AdamW"],
  ["sgd", "SGD, momentum"],
  ["exact", "exact (no samples)"],
] as const;

export function Training({ s }: { s: Settings }) {
  const sampled = s.optimizer !== "exact";
  return (
    <>
      <Choice
        name="optimizer"
        label="Optimiser"
        help="How the weights follow the gradient. Exact: on the expected loss, with no samples."
        value={s.optimizer}
        choices={OPTIMIZER_NAMES}
        onChange={(optimizer) => change({ optimizer })}
      />
      <Slider
        name="learningRate"
        label="Learning rate"
        help="The size of a step. It acts on the running training."
        value={s.learningRate}
        low={1e-5}
        high={1}
        log
        text={short(s.learningRate)}
        onInput={(learningRate) => change({ learningRate })}
      />
      {sampled && (
        <>
          {s.optimizer === "sgd" && (
            <NumberField
              name="momentum"
              label="Momentum"
              help="How much of the last step goes into the next."
              value={s.momentum}
              low={0}
              high={0.999}
              step="any"
              onChange={(momentum) => change({ momentum })}
            />
          )}
          <NumberField
            name="weightDecay"
            label="Weight decay"
            help="Draws the weights towards 0. It acts on the running training."
            value={s.weightDecay}
            low={0}
            high={1}
            step="any"
            onChange={(weightDecay) => change({ weightDecay })}
          />
          <Choice
            name="schedule"
            label="Schedule"
            help="How the learning rate falls over the training."
            value={s.schedule}
            choices={[
              ["constant", "constant"],
              ["linear", "linear"],
              ["cosine", "cosine"],
            ]}
            onChange={(schedule) => change({ schedule })}
          />
          <NumberField
            name="batch"
            label="Samples per step"
            help="Fresh samples in each step."
            value={s.batch}
            low={1}
            high={16384}
            onChange={(batch) => change({ batch })}
          />
        </>
      )}
      <NumberField
        name="steps"
        label="Steps"
        help={`The training is done after ${count(s.steps)} steps; run it on for more.`}
        value={s.steps}
        low={1}
        high={10_000_000}
        onChange={(steps) => change({ steps })}
      />
      <NumberField
        name="seeds"
        label="Best of N"
        help="So many models are trained side by side from different starts; the best is shown."
        value={s.seeds}
        low={1}
        high={hello.value?.limits.seeds ?? 1000}
        onChange={(seeds) => change({ seeds })}
      />
      <NumberField
        name="seed"
        label="Seed"
        help="The same seed gives the same models, to the last bit."
        value={s.seed}
        low={0}
        high={2 ** 53 - 1}
        onChange={(seed) => change({ seed })}
      />
    </>
  );
}
