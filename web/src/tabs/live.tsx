/** The live model: the controls, the model, and what follows from it. */

import { Controls } from "../panels/controls";
import {
  Card,
  DimensionalityCard,
  HeatmapCard,
  LossCard,
  NeuronsCard,
  NormsCard,
  SeedsCard,
} from "../panels/cards";
import { Hero } from "../panels/hero";
import { Shapes } from "../panels/shapes";
import { Summary } from "../panels/summary";
import { Transport } from "../panels/transport";

export function LiveTab() {
  return (
    <main class="live" id="main">
      <aside class="column">
        <Controls />
      </aside>
      <Stage />
    </main>
  );
}

const CARDS = {
  dimensionality: DimensionalityCard,
  gram: HeatmapCard,
  norms: NormsCard,
  loss: LossCard,
  neurons: NeuronsCard,
  seeds: SeedsCard,
} as const;

const NAMES = Object.keys(CARDS) as (keyof typeof CARDS)[];

/** All views of the model; the one that a lesson speaks of, `focus`, is beside the picture. */
export function Stage({ focus }: { focus?: string | undefined }) {
  const beside = NAMES.find((name) => name === focus) ?? "dimensionality";
  const Beside = CARDS[beside];
  return (
    <div class="stage" data-focus={focus}>
      <Transport />
      <Hero />
      <div class="side">
        <Card title="Shape" name="factors">
          <Shapes />
        </Card>
        <Beside key={beside} />
      </div>
      <div class="grid">
        {NAMES.filter((name) => name !== beside).map((name) => {
          const Other = CARDS[name];
          return <Other key={name} />;
        })}
      </div>
      <Summary />
    </div>
  );
}
