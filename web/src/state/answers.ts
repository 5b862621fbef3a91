/** Which of the page's wishes the server has answered, and shown. */

import { signal } from "@preact/signals";

let asked = 0;
let answered = 0;

/** Whether something was asked for that the picture does not show yet. */
export const awaiting = signal(false);

/** The number of a wish, to be sent as its id. */
export function ask(): number {
  awaiting.value = true;
  return (asked += 1);
}

/** Answers come in the order of what was asked; changes that the server merged have one. */
export function hearAnswer(id: number | string | null | undefined): void {
  if (typeof id === "number") answered = Math.max(answered, id);
}

/** A picture has come after the last answer, or none will. */
export function seen(): void {
  if (allAnswered()) awaiting.value = false;
}

/** Nothing more is to be expected. */
export function expectNothing(): void {
  answered = asked;
  seen();
}

export const allAnswered = (): boolean => answered === asked;
