/** Numbers as readers want them. */

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A number to `digits` significant digits: 0.0123, 12.3, 1.2×10⁻⁵. */
export function short(x: number, digits = 3): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "–" : x > 0 ? "∞" : "−∞";
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e5 || size < 1e-3) {
    const [mantissa, exponent] = x.toExponential(Math.max(digits - 2, 0)).split("e");
    return `${minus(mantissa!)}×${raised(Number(exponent))}`;
  }
  return minus(String(Number(x.toPrecision(digits))));
}

/** A power of ten: 10⁻¹⁵. */
export function raised(power: number): string {
  const digits = String(Math.abs(power)).replace(/\d/g, (d) => SUPERSCRIPT[Number(d)]!);
  return `10${power < 0 ? "⁻" : ""}${digits}`;
}

/** A fixed number of decimals with a true minus sign. */
export function fixed(x: number, decimals = 2): string {
  return Number.isFinite(x) ? minus(x.toFixed(decimals)) : short(x);
}

/** A whole number with thin spaces between thousands. */
export function count(x: number): string {
  return Math.round(x)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function minus(text: string): string {
  return text.replace("-", "−");
}
