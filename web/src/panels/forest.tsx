/** A hierarchy drawn as trees: a feature is active only if the one above it is. */

import { useState } from "preact/hooks";

import { type Spot, hung, layout, without } from "../state/forest";
import { colours } from "../state/session";

/** Pixels from column to column and from row to row, and of a feature. */
const [COLUMN, ROW, RADIUS] = [34, 46, 13];
/** More features than this are told by their list. */
const MOST = 60;

interface Props {
  parents: number[];
  onChange: (parents: number[]) => void;
}

export function Forest({ parents, onChange }: Props) {
  const [picked, setPicked] = useState<number | null>(null);
  const [note, setNote] = useState("");
  const chosen = picked !== null && picked < parents.length ? picked : null;
  if (parents.length > MOST)
    return <p class="quiet">{parents.length} features: too many to draw.</p>;
  const become = (next: number[], now: number | null = null): void => {
    setPicked(now);
    setNote("");
    onChange(next);
  };
  const press = (i: number): void => {
    setNote("");
    if (chosen === null || chosen === i) return setPicked(chosen === i ? null : i);
    const next = hung(parents, chosen, i);
    if (next) become(next);
    else setNote(`Feature ${i} is below feature ${chosen}: a feature cannot be above itself.`);
  };
  return (
    <div class="forest">
      <Trees parents={parents} chosen={chosen} onPress={press} />
      {chosen === null ? (
        <p class="quiet">Choose a feature to hang it elsewhere.</p>
      ) : (
        <>
          <p class="quiet">Feature {chosen}: choose the one that it is to be below, or</p>
          <p class="forest-tools">
            <button
              type="button"
              class="button"
              name="forest-root"
              disabled={parents[chosen] === -1}
              onClick={() => become(hung(parents, chosen, -1)!)}
            >
              Make it a root
            </button>
            <button
              type="button"
              class="button"
              name="forest-child"
              onClick={() => become([...parents, chosen], chosen)}
            >
              Add a child
            </button>
            <button
              type="button"
              class="button"
              name="forest-remove"
              disabled={parents.length === 1}
              onClick={() => become(without(parents, chosen))}
            >
              Remove it
            </button>
          </p>
        </>
      )}
      {note && (
        <p class="refusal" role="alert">
          {note}
        </p>
      )}
    </div>
  );
}

interface TreesProps {
  parents: number[];
  chosen: number | null;
  onPress: (feature: number) => void;
}

function Trees({ parents, chosen, onPress }: TreesProps) {
  const spots = layout(parents);
  const most = (of: (spot: Spot) => number): number => Math.max(...spots.map(of));
  const [width, height] = [COLUMN * (most(({ x }) => x) + 1), ROW * most(({ y }) => y) + COLUMN];
  const x = (i: number): number => COLUMN * (spots[i]!.x + 0.5);
  const y = (i: number): number => ROW * spots[i]!.y + COLUMN / 2;
  return (
    <div class="forest-drawing">
      <svg width={width} height={height} role="group" aria-label="The features as trees">
        {parents.map((parent, i) =>
          parent < 0 ? null : (
            <line key={`line ${i}`} x1={x(parent)} y1={y(parent)} x2={x(i)} y2={y(i)} />
          ),
        )}
        {parents.map((parent, i) => (
          <g
            key={i}
            role="button"
            tabindex={0}
            aria-pressed={i === chosen}
            aria-label={parent < 0 ? `feature ${i}, a root` : `feature ${i}, below ${parent}`}
            data-feature={i}
            onClick={() => onPress(i)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" && event.key !== " ") return;
              event.preventDefault();
              onPress(i);
            }}
          >
            <circle cx={x(i)} cy={y(i)} r={RADIUS} stroke={colours.value[i] ?? "currentcolor"} />
            <text x={x(i)} y={y(i)}>
              {i}
            </text>
          </g>
        ))}
      </svg>
    </div>
  );
}
