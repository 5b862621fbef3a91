/**
 * Where everything lies. Four models are trained at once, one in each lane of a vector: a *quad*.
 * Its parameters, Adam's moments and squares follow one another, each as vectors, feature by
 * feature: the weights of a feature into the hidden layer, those out of it if they are others, its
 * bias; after all features the hidden biases, if there are any.
 */

/** Features, hidden dimensions, samples of a step, blocks of features that are on together. */
export let n: i32 = 0;
export let m: i32 = 0;
export let batch: i32 = 0;
export let blocks: i32 = 0;
/** Bytes of a feature's row, from it to the weights out, and of all parameters of a quad. */
export let row: usize = 0;
export let out: usize = 0;
export let size: usize = 0;
export let tied: bool = true;
export let hasBias: bool = true;
export let hasHiddenBias: bool = false;

/** By feature, RECORD bytes each: x and t(x) of the sample at hand, and the importance. */
export const RECORD: usize = 48;
export let records: usize = 0;
/** Sums of the gradient, laid out as the parameters are. */
export let sums: usize = 0;
/** Hidden activations, and the gradient with respect to them. */
export let hidden: usize = 0;
export let back: usize = 0;
/** By block: first feature, size, kind, magnitude (i32 each), probability (f32). */
export const BLOCK: usize = 20;
export let law: usize = 0;
/** Of the cells that are on: their positions and uniform numbers, as drawn. */
export let positions: usize = 0;
export let uniforms: usize = 0;
/** Of the active features of a batch, sample by sample: the sample, the feature, its value. */
export let samples: usize = 0;
export let features: usize = 0;
export let values: usize = 0;
/** What the four lanes' losses sum up to: f64 each, and their squares. */
export let totals: usize = 0;
/** Of each step of a slice: learning rate, and Adam's two corrections (f64 each). */
export const TIME: usize = 24;
export let times: usize = 0;
/** Of dense batches: samples as vectors, and sums by lane. */
export let tile: usize = 0;
export let lanes: usize = 0;

/** Samples of a dense tile: two vectors. */
export const WIDTH: i32 = 8;
/** Steps of a slice, at most; and samples of a loss that are drawn at a time. */
export const MOST_STEPS: i32 = 4096;
export const CHUNK: i32 = 1024;

function aligned(at: usize): usize {
  return (at + 63) & ~63;
}

/** Lay out a problem; where the quads may begin. */
export function setup(
  features_: i32, hidden_: i32, samples_: i32, blocks_: i32, tied_: bool, bias_: bool, hiddenBias_: bool,
): usize {
  n = features_; m = hidden_; batch = samples_; blocks = blocks_;
  tied = tied_; hasBias = bias_; hasHiddenBias = hiddenBias_;
  out = tied ? 0 : <usize>m << 4;
  row = out + (<usize>(m + 1) << 4);
  size = row * n + (hasHiddenBias ? <usize>m << 4 : 0);
  const cells = <usize>(max(batch, CHUNK) * n + 64) << 2;
  records = aligned(__heap_base);
  sums = aligned(records + RECORD * n);
  hidden = aligned(sums + size);
  back = hidden + (<usize>m << 4);
  law = aligned(back + (<usize>m << 4));
  totals = aligned(law + BLOCK * blocks);
  times = aligned(totals + 64);
  positions = aligned(times + TIME * MOST_STEPS);
  uniforms = positions + cells;
  samples = uniforms + cells;
  features = samples + cells;
  values = features + cells;
  tile = aligned(values + cells);
  lanes = aligned(tile + (<usize>n << 5));
  const end = aligned(lanes + (size << 2));
  reserve(end);
  memory.fill(records, 0, end - records);
  return end;
}

/** Room up to an address. */
export function reserve(end: usize): void {
  const missing = <i32>((end + 0xffff) >> 16) - memory.size();
  if (missing > 0) memory.grow(missing);
}
