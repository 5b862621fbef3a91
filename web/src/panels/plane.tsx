/** Which plane of a larger hidden space is looked at. */

import { configured, look, ownAnalysis, view } from "../state/session";

const PRINCIPAL = "principal";
const AXES = "axes";

export function PlaneChoice() {
  const { mode, plane, factor } = view.value;
  const m = configured.value?.n_hidden ?? 0;
  if (m <= (mode === "3d" ? 3 : 2)) return null;
  const factors = (ownAnalysis.value?.factors ?? [])
    .map((found, position) => ({ ...found, position }))
    .filter(({ features }) => features.length > 1);
  return (
    <select
      aria-label="The plane that is looked at"
      name="plane"
      value={plane === "factor" ? String(factor) : plane}
      onChange={({ currentTarget: { value } }) =>
        value === PRINCIPAL || value === AXES
          ? look({ plane: value })
          : look({ plane: "factor", factor: Number(value) })
      }
    >
      <option value={PRINCIPAL}>principal axes</option>
      <option value={AXES}>first dimensions</option>
      {factors.map(({ position, name, features }) => (
        <option key={position} value={String(position)}>
          {name === "unnamed" ? "factor" : name} of {features.slice(0, 5).join(", ")}
          {features.length > 5 ? " …" : ""}
        </option>
      ))}
      {plane === "factor" && !factors.some(({ position }) => position === factor) && (
        <option value={String(factor)}>factor {factor}</option>
      )}
    </select>
  );
}
