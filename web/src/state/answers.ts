/** Which of the page's wishes the server has answered: trainings and changes of their numbers. */

let asked = 0;
let answered = 0;

/** The number of a wish, to be sent as its id. */
export const ask = (): number => (asked += 1);

/** Answers come in the order of what was asked; changes that the server merged have one. */
export function hearAnswer(id: number | string | null | undefined): void {
  if (typeof id === "number") answered = Math.max(answered, id);
}

/** Nothing more is to be expected. */
export function expectNothing(): void {
  answered = asked;
}

export const allAnswered = (): boolean => answered === asked;
