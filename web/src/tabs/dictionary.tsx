/** Features taken out again: a sparse autoencoder trained live on the model's activations. */

import { DictionaryControls, DictionaryStage } from "../panels/dictionary";

export function DictionaryTab() {
  return (
    <main class="live" id="main">
      <aside class="column lesson">
        <article>
          <h2>Which features are in there?</h2>
          <p class="quiet">
            A sparse autoencoder sees only the hidden activations of the live model, h = W x, and
            looks for directions of which few at a time make up h. Here the true ones are known.
          </p>
        </article>
        <DictionaryControls />
      </aside>
      <DictionaryStage />
    </main>
  );
}
