/** Labelled inputs: what they are called, what they show, and what they mean. */

import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useState } from "preact/hooks";

import { impossible, offer, refusal, settings } from "../state/session";
import { ruleOf } from "../state/settings";

interface Common {
  label: string;
  /** A sentence in plain words, shown when the pointer rests on the label. */
  help: string;
  name: string;
}

interface SelectProps<T extends string> extends Common {
  value: T;
  choices: readonly (readonly [T, string])[];
  onChange: (value: T) => void;
}

/** A menu. A value that it does not have is shown as such. */
export function Choice<T extends string>(props: SelectProps<T>) {
  const id = useId();
  const known = props.choices.some(([value]) => value === props.value);
  return (
    <div class="field" title={props.help}>
      <label for={id}>{props.label}</label>
      <select
        id={id}
        name={props.name}
        aria-description={props.help}
        value={props.value}
        onChange={(event) => props.onChange(event.currentTarget.value as T)}
      >
        {!known && <option value={props.value}>unknown: {props.value}</option>}
        {props.choices.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
      <Refusal name={props.name} />
    </div>
  );
}

interface NumberProps extends Common {
  value: number;
  /** The lowest and the highest. */
  range: readonly [number, number];
  step?: number | "any";
  disabled?: boolean;
  onChange: (value: number) => void;
}

/** A number typed in; it counts when it is a number in the range. */
export function NumberField(props: NumberProps) {
  const id = useId();
  const [low, high] = props.range;
  return (
    <div class="field" title={props.help}>
      <label for={id}>{props.label}</label>
      <Entry
        id={id}
        name={props.name}
        type="number"
        aria-description={props.help}
        shown={String(props.value)}
        min={Number.isFinite(low) ? low : undefined}
        max={Number.isFinite(high) ? high : undefined}
        step={props.step ?? 1}
        disabled={props.disabled ?? false}
        take={(text) => {
          const value = text === "" ? NaN : Number(text);
          if (!(value >= low && value <= high)) return `must be ${between(low, high)}`;
          if (value !== props.value) props.onChange(value);
          return null;
        }}
      />
      <Refusal name={props.name} />
    </div>
  );
}

/** The numbers from one to another in words; ends that are not there are left out. */
function between(low: number, high: number): string {
  if (Number.isFinite(low) && Number.isFinite(high)) return `from ${low} to ${high}`;
  if (Number.isFinite(high)) return `${high} or less`;
  return Number.isFinite(low) ? `${low} or more` : "a number";
}

/** Why the server did not take what was chosen here, or the page what the address says of it. */
export function Refusal({ name }: { name: string }) {
  const refused = refusal.value;
  const other = impossible.value.find((one) => one.name === name);
  if (refused?.names.some((one) => one === name)) {
    return (
      <p class="refusal" role="alert">
        {refused.text}; the model is still the one before.
      </p>
    );
  }
  if (!other || !offer.value) return null;
  return (
    <p class="refusal" role="alert">
      The address asks for {other.asked}, but it must be {ruleOf(other.name, offer.value)}; it is{" "}
      {settings.value[other.name]}.
    </p>
  );
}

interface EntryProps {
  id: string;
  name: string;
  type: "number" | "text";
  /** What stands there while nobody writes. */
  shown: string;
  /** Uses what was written; why it cannot be used, or null. */
  take: (text: string) => string | null;
  [attribute: string]: unknown;
}

/**
 * A field to write in. What is being written stays while the page is drawn anew around it, and so
 * does, with the reason, what cannot be used: until another value arrives from elsewhere.
 */
export function Entry({ shown, take, ...attributes }: EntryProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const [bad, setBad] = useState<string | null>(null);
  useLayoutEffect(() => {
    setDraft(null);
    setBad(null);
  }, [shown]);
  return (
    <>
      <input
        {...(attributes as object)}
        aria-invalid={bad !== null}
        value={draft ?? shown}
        onInput={(event) => setDraft(event.currentTarget.value)}
        onChange={(event) => {
          const reason = take(event.currentTarget.value);
          setBad(reason);
          if (reason === null) setDraft(null);
        }}
      />
      {bad !== null && (
        <p class="refusal" role="alert">
          {bad}; it stays {shown}.
        </p>
      )}
    </>
  );
}

interface SliderProps extends Common {
  value: number;
  low: number;
  high: number;
  /** Whether equal distances are equal ratios. */
  log?: boolean;
  /** Whole numbers only. */
  whole?: boolean;
  /** What is written beside it, and read aloud. */
  text: string;
  hint?: ComponentChildren;
  onInput: (value: number) => void;
}

/** Places of a slider from end to end. */
export const PLACES = 400;

export function toPlace(value: number, low: number, high: number, log: boolean): number {
  const t = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.round(Math.min(Math.max(t, 0), 1) * PLACES);
}

/** The value at a place, to three digits: what is shown is what is used. */
export function fromPlace(place: number, low: number, high: number, log: boolean): number {
  const t = place / PLACES;
  const value = log ? low * (high / low) ** t : low + t * (high - low);
  return Math.min(Math.max(Number(value.toPrecision(3)), low), high);
}

export function Slider(props: SliderProps) {
  const id = useId();
  const { low, high, log = false, whole = false } = props;
  const direct = whole && !log;
  return (
    <div class="field" title={props.help}>
      <label for={id}>{props.label}</label>
      <output for={id}>{props.text}</output>
      <input
        id={id}
        class="wide"
        name={props.name}
        type="range"
        aria-description={props.help}
        aria-valuetext={props.text}
        min={direct ? low : 0}
        max={direct ? high : PLACES}
        step={1}
        value={direct ? props.value : toPlace(props.value, low, high, log)}
        onInput={(event) => {
          const place = event.currentTarget.valueAsNumber;
          const value = direct ? place : fromPlace(place, low, high, log);
          props.onInput(whole ? Math.round(value) : value);
        }}
      />
      {props.hint && <span class="hint">{props.hint}</span>}
      <Refusal name={props.name} />
    </div>
  );
}

export function Check(props: Common & { value: boolean; onChange: (value: boolean) => void }) {
  return (
    <label class="check" title={props.help}>
      <input
        type="checkbox"
        name={props.name}
        aria-description={props.help}
        checked={props.value}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.label}
    </label>
  );
}

interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  choices: readonly { value: T; text: string; help?: string; disabled?: boolean }[];
  onChange: (value: T) => void;
}

/** A few choices side by side. */
export function Segmented<T extends string>(props: SegmentedProps<T>) {
  return (
    <div class="segmented" role="group" aria-label={props.label}>
      {props.choices.map(({ value, text, help, disabled }) => (
        <button
          key={value}
          type="button"
          title={help}
          disabled={disabled ?? false}
          aria-pressed={value === props.value}
          onClick={() => props.onChange(value)}
        >
          {text}
        </button>
      ))}
    </div>
  );
}
