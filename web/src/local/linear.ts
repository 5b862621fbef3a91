/** Matrices as arrays of rows: eigenvectors, and the assignment of least cost. */

export type Matrix = Float64Array[];

export const zeros = (rows: number, columns: number): Matrix =>
  Array.from({ length: rows }, () => new Float64Array(columns));

const SWEEPS = 60;

/** Eigenvalues of a symmetric matrix, falling, and their eigenvectors as rows: Jacobi's rotations. */
export function eigen(given: Matrix): { values: number[]; vectors: Matrix } {
  const size = given.length;
  const a = given.map((row) => Float64Array.from(row));
  const v = zeros(size, size);
  v.forEach((row, i) => (row[i] = 1));
  const total = a.reduce((sum, row) => sum + row.reduce((s, x) => s + x * x, 0), 0);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rest = 0;
    for (let p = 0; p < size; p++) for (let q = 0; q < p; q++) rest += a[p]![q]! ** 2;
    if (!(rest > 1e-30 * total)) break;
    for (let p = 0; p < size; p++) for (let q = p + 1; q < size; q++) rotate(a, v, p, q);
  }
  const order = a.map((_, i) => i).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return { values: order.map((i) => a[i]![i]!), vectors: order.map((i) => v[i]!) };
}

/** Make a[p][q] 0; v collects the rotations, by rows. */
function rotate(a: Matrix, v: Matrix, p: number, q: number): void {
  const [P, Q] = [a[p]!, a[q]!];
  if (P[q] === 0) return;
  const theta = (Q[q]! - P[p]!) / (2 * P[q]!);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (const row of a) {
    const [x, y] = [row[p]!, row[q]!];
    row[p] = c * x - s * y;
    row[q] = s * x + c * y;
  }
  for (const [one, other] of [
    [P, Q],
    [v[p]!, v[q]!],
  ] as const) {
    for (let k = 0; k < a.length; k++) {
      const [x, y] = [one[k]!, other[k]!];
      one[k] = c * x - s * y;
      other[k] = s * x + c * y;
    }
  }
}

/**
 * The column for each row with the least sum of costs, by shortest augmenting paths with
 * potentials; infinite costs are to be avoided.
 */
export function assign(cost: Matrix): number[] {
  const size = cost.length;
  const [u, v] = [new Float64Array(size + 1), new Float64Array(size + 1)];
  const owner = new Int32Array(size + 1).fill(-1); // the row of each column; the last one is a start
  for (let row = 0; row < size; row++) {
    const [least, from] = [new Float64Array(size).fill(Infinity), new Int32Array(size).fill(size)];
    const done = new Uint8Array(size + 1);
    owner[size] = row;
    let at = size;
    do {
      done[at] = 1;
      const i = owner[at]!;
      let [next, delta] = [-1, Infinity];
      for (let j = 0; j < size; j++) {
        if (done[j]) continue;
        const reduced = cost[i]![j]! - u[i]! - v[j]!;
        if (reduced < least[j]!) {
          least[j] = reduced;
          from[j] = at;
        }
        if (next < 0 || least[j]! < delta) [next, delta] = [j, least[j]!];
      }
      for (let j = 0; j <= size; j++) {
        if (done[j]) {
          u[owner[j]!]! += delta;
          v[j]! -= delta;
        } else if (j < size) least[j]! -= delta;
      }
      at = next;
    } while (owner[at] !== -1);
    while (at !== size) {
      const before = from[at]!;
      owner[at] = owner[before]!;
      at = before;
    }
  }
  const found = new Array<number>(size).fill(-1);
  for (let j = 0; j < size; j++) found[owner[j]!] = j;
  return found;
}
