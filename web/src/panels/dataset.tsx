/** A file as data set: how many rows it has, and where another one is to be dropped. */

import { useId } from "preact/hooks";

import { count } from "../math/format";
import { openData } from "../state/actions";
import { type Json, isObject } from "../wire/json";
import { isSite } from "../wire/data";

/** Rows and features of a data set, as a state holds it. */
function sizeOf(x: Json | undefined): readonly [number, number] {
  if (Array.isArray(x)) return [x.length, Array.isArray(x[0]) ? x[0].length : 0];
  const shape = isObject(x) && Array.isArray(x.shape) ? x.shape.map(Number) : [];
  return [shape[0] ?? 0, shape[1] ?? 0];
}

export function DataSet({ x }: { x: Json | undefined }) {
  const id = useId();
  const [rows, features] = sizeOf(x);
  if (isSite()) {
    return <p class="quiet">A file as data set needs `tegum explore`: this page has no Python.</p>;
  }
  return (
    <div class="dropzone">
      <p data-testid="data-set">
        {count(rows)} rows of {features} features
      </p>
      <label for={id}>Open another, or drop it on the page:</label>
      <input
        id={id}
        type="file"
        name="dataFile"
        accept=".npy,.safetensors"
        aria-description="Rows of numbers, a row for each sample, as numpy or safetensors write them."
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) void openData(file);
        }}
      />
    </div>
  );
}
