/**
 * Data sets from files. What is short a state holds itself; of others it has a digest, and the page
 * keeps the numbers, to send them along whenever such a state is asked for.
 */

import { type Json, type JsonObject, isObject } from "../wire/json";
import { rowsIn } from "../wire/arrays";
import type { Limits, ServerState } from "../wire/messages";

/** So many are kept, the last ones. */
const KEPT = 8;
/** Bytes of a message beside the numbers; in it a number has two characters at least, in a file eight bytes at most. */
const BESIDE = 16 * 1024;
const [SHORTEST, WIDEST] = [2, 8];

/** The rows by the digest that stands in states: the server's, before that one of the page's own. */
const known = new Map<string, number[][]>();
let count = 0;

function remember(digest: string, rows: number[][]): void {
  known.delete(digest);
  known.set(digest, rows);
  if (known.size > KEPT) known.delete(known.keys().next().value!);
}

/** The rows in a file, as a state is to hold them. Throws an Error of a line. */
export async function readData(file: File, limits: Limits): Promise<JsonObject> {
  const room = limits.message_bytes - BESIDE;
  const most = Math.floor(room / SHORTEST);
  if (file.size > BESIDE + most * WIDEST)
    throw new Error(`it has ${file.size} bytes, and more numbers than the ${most} taken here`);
  const rows = rowsIn(await file.arrayBuffer(), file.name, most);
  const length = JSON.stringify(rows).length;
  if (length > room)
    throw new Error(`its numbers have ${length} characters, ${room} at most are taken here`);
  const digest = `dropped ${++count}`;
  remember(digest, rows);
  return { digest, shape: [rows.length, rows[0]!.length] };
}

const lawOf = ({ problem }: ServerState): JsonObject =>
  isObject(problem.distribution) ? problem.distribution : {};

const digestOf = (x: Json | undefined): string | null =>
  isObject(x) && typeof x.digest === "string" ? x.digest : null;

/** A state as it is sent: with the numbers of its data set. */
export function written(state: ServerState): ServerState {
  const law = lawOf(state);
  const rows = known.get(digestOf(law.x) ?? "");
  if (!rows) return state;
  return { ...state, problem: { ...state.problem, distribution: { ...law, x: rows } } };
}

/** What was asked for has this name from now on. */
export function learn(asked: ServerState, told: ServerState): void {
  const rows = known.get(digestOf(lawOf(asked).x) ?? "");
  const digest = digestOf(lawOf(told).x);
  if (rows && digest) remember(digest, rows);
}
