/** What the server offers to choose from. */

import type { Fields, Offer, Part } from "../wire/messages";

/** The engine that the optimisers are of; other engines stand beside them in the menu. */
export const SAMPLED = "sampled";

/** The fields of a kind; none of one that the server does not know. */
export const fieldsOf = (offer: Offer, part: Part, kind: string): Fields =>
  offer.vocabulary[part][kind]?.fields ?? {};

/** The kinds of a part by name; of targets those with a name first. */
export function kindsOf({ vocabulary }: Offer, part: Part): string[] {
  const kinds = Object.keys(vocabulary[part]);
  return part === "target" ? [...vocabulary.targets, ...kinds] : kinds;
}

/** Engines that have no choice of an optimiser. */
export const enginesOf = ({ vocabulary }: Offer): string[] =>
  (vocabulary.training.engine?.choices ?? []).filter((engine) => engine !== SAMPLED);

export const optimizersOf = (offer: Offer): string[] => [
  ...(offer.vocabulary.training.optimizer?.choices ?? []),
  ...enginesOf(offer),
];
