/** What the pictures show, in words, for those who cannot see them; at a calm rate. */

import { useEffect, useState } from "preact/hooks";

import { count, short } from "../math/format";
import { analysis, configured, frame, isOf } from "../state/session";
import type { Frame } from "../wire/messages";

const EVERY = 4000;

export function summary(): string {
  const [f, a, c] = [frame.peek(), analysis.peek(), configured.peek()];
  if (!f || !c) return "No model yet.";
  const parts = [`${f.status}, step ${count(f.step)}`, lossInWords(f)];
  if (a && f.finite && isOf(a, f)) {
    parts.push(`${a.shape} at step ${count(a.step)}`);
    parts.push(`${a.represented} of ${c.n_features} features represented`);
  }
  return `${parts.join("; ")}.`;
}

/** The first frame does not wait for its losses, and later ones may be of an earlier step. */
function lossInWords(f: Frame): string {
  if (!f.finite) return "the model diverged";
  if (f.loss === null || f.measured === null) return "loss not yet measured";
  const earlier = f.measured === f.step ? "" : ` at step ${count(f.measured)}`;
  return `loss ${short(f.loss)}${earlier}`;
}

export function Summary() {
  const [text, setText] = useState("");
  useEffect(() => {
    const timer = setInterval(() => setText(summary()), EVERY);
    return () => clearInterval(timer);
  }, []);
  return (
    <p class="visually-hidden" role="status" aria-live="polite" data-testid="summary">
      {text}
    </p>
  );
}
