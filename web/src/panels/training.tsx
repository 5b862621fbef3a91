/** How the models are trained: optimiser, steps, seeds. */

import { count, short } from "../math/format";
import { change } from "../state/actions";
import { rangeOf } from "../state/settings";
import { enginesOf, optimizersOf } from "../state/vocabulary";
import type { Choices } from "./controls";
import { Choice, NumberField, Slider } from "./fields";
import { OPTIMIZERS, menu } from "./names";

/** The ends of the slider; a state may have another rate. */
const [SLOWEST, FASTEST] = [1e-5, 1];

export function Training({ s, offer }: Choices) {
  const sampled = !enginesOf(offer).includes(s.optimizer);
  const { schedule } = offer.vocabulary.training;
  return (
    <>
      <Choice
        name="optimizer"
        label="Optimiser"
        help="How the weights follow the gradient. Exact: on the expected loss, with no samples."
        value={s.optimizer}
        choices={menu(optimizersOf(offer), OPTIMIZERS)}
        onChange={(optimizer) => change({ optimizer })}
      />
      <Slider
        name="learningRate"
        label="Learning rate"
        help="The size of a step. It acts on the running training."
        value={s.learningRate}
        low={SLOWEST}
        high={FASTEST}
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
              range={rangeOf("momentum", offer)}
              step="any"
              onChange={(momentum) => change({ momentum })}
            />
          )}
          <NumberField
            name="weightDecay"
            label="Weight decay"
            help="Draws the weights towards 0. It acts on the running training."
            value={s.weightDecay}
            range={rangeOf("weightDecay", offer)}
            step="any"
            onChange={(weightDecay) => change({ weightDecay })}
          />
          <Choice
            name="schedule"
            label="Schedule"
            help="How the learning rate falls over the training."
            value={s.schedule}
            choices={menu(schedule?.choices ?? [])}
            onChange={(wish) => change({ schedule: wish })}
          />
          <NumberField
            name="batch"
            label="Samples per step"
            help="Fresh samples in each step."
            value={s.batch}
            range={rangeOf("batch", offer)}
            onChange={(batch) => change({ batch })}
          />
        </>
      )}
      <NumberField
        name="steps"
        label="Steps"
        help={`The training is done after ${count(s.steps)} steps; run it on for more.`}
        value={s.steps}
        range={rangeOf("steps", offer)}
        onChange={(steps) => change({ steps })}
      />
      <NumberField
        name="seeds"
        label="Best of N"
        help="So many models are trained side by side from different starts; the best is shown."
        value={s.seeds}
        range={rangeOf("seeds", offer)}
        onChange={(seeds) => change({ seeds })}
      />
      <NumberField
        name="seed"
        label="Seed"
        help="The same seed gives the same models, to the last bit."
        value={s.seed}
        range={rangeOf("seed", offer)}
        onChange={(seed) => change({ seed })}
      />
    </>
  );
}
