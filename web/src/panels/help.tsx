/** What the keys do, and what is seen. */

import { useEffect, useRef } from "preact/hooks";
import { signal } from "@preact/signals";

export const helpOpen = signal(false);

const KEYS = [
  ["Space", "run or pause; in its tab, the dictionary"],
  ["R", "restart from step 0, with the numbers as they are"],
  [".", "one step"],
  ["3", "2-D or 3-D"],
  ["B, N", "the best model; the one of the next higher loss"],
  ["F", "the whole screen, and back"],
  ["P", "present: larger type, and no more than is looked at; Escape ends it"],
  ["1 … 5 with Alt", "the tabs"],
  ["← → in a picture", "from feature to feature; in 3\u2011D they turn it, and +\u00a0− zoom"],
  ["?", "this page"],
] as const;

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    if (helpOpen.value && !element.open) {
      element.showModal();
      element.scrollTop = 0; // where it is low, the button below has the focus
    }
    if (!helpOpen.value && element.open) element.close();
  }, [helpOpen.value]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help-title"
      onClose={() => (helpOpen.value = false)}
    >
      <h2 id="help-title">What you see</h2>
      <p>
        A model squeezes <i>n</i> sparse features through <i>m</i> dimensions and rebuilds them.
        Each line from the centre is the direction that one feature has been given. Lines at right
        angles leave each other alone; a <b class="red">red</b> edge joins two that point against
        each other, a <b class="blue">blue</b> one two that point the same way.
      </p>
      <p>
        <i>D</i> is the share of a dimension that a feature has: 1 alone, ½ in an antipodal pair, ⅖
        in a pentagon. Many models are trained side by side; the one with the lowest loss is shown.
        The address of the page holds all of it: copy it to show someone else the same model.
      </p>
      <p>
        <i>D*</i> is the number of dimensions over Σ‖Wᵢ‖². A digon is an antipodal pair; unnamed is
        a shape without a name of its own, or one that still moves. The strip under a length is dark
        where no other feature shares the direction, yellow where they do. The lowest loss in a step
        is of the luckiest batch: the best model is the one that is best on the same held-out
        samples.
      </p>
      <h2>Keys</h2>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <form method="dialog">
        <button class="button primary">Close</button>
      </form>
    </dialog>
  );
}
