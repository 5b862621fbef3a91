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

/** All views of the model; `focus` is the one that a lesson speaks of. */
export function Stage({ focus }: { focus?: string | undefined }) {
  return (
    <div class="stage" data-focus={focus}>
      <Transport />
      <Hero />
      <div class="side">
        <Card title="Shape" name="factors">
          <Shapes />
        </Card>
        <DimensionalityCard />
      </div>
      <div class="grid">
        <HeatmapCard />
        <NormsCard />
        <LossCard />
        <NeuronsCard />
        <SeedsCard />
      </div>
      <Summary />
    </div>
  );
}
