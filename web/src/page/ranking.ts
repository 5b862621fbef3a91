/** From model to model, by their losses. */

import { select } from "../state/actions";
import type { Scene } from "../views/scene";
import { ranking } from "../views/seeds";

/** To the model that is so many places on; to the last, or the first, where there are not so many. */
export function alongRanking(scene: Scene, places: number): void {
  const order = ranking(scene.heldOut ?? scene.losses);
  const place = order.indexOf(scene.selected) + places;
  select(order[Math.min(Math.max(place, 0), order.length - 1)] ?? null);
}
