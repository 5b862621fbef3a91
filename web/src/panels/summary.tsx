/** What the pictures show, in words, for those who cannot see them; at a calm rate. */

import { useEffect, useState } from "preact/hooks";

import { count, short } from "../math/format";
import { analysis, configured, frame } from "../state/session";

const EVERY = 4000;

export function summary(): string {
  const [f, a, c] = [frame.peek(), analysis.peek(), configured.peek()];
  if (!f || !c) return "No model yet.";
  // The first frame does not wait for its losses.
  const unknown = f.diverged > 0 ? "the model diverged" : "loss not yet measured";
  const loss = f.loss === null ? unknown : `loss ${short(f.loss)}`;
  const parts = [`${f.status}, step ${count(f.step)}`, loss];
  if (a) parts.push(a.shape, `${a.represented} of ${c.n_features} features represented`);
  return `${parts.join("; ")}.`;
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
