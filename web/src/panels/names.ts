/** What menus call the server's names; one that stands in none of these is shown as it is. */

type Names = Readonly<Record<string, string>>;

export const DATA: Names = {
  independent: "independent",
  correlated: "correlated sets",
  anticorrelated: "anticorrelated sets",
  groups: "both kinds of sets",
  hierarchy: "a hierarchy",
  copula: "correlated (copula)",
  samples: "rows of a file",
  mixture: "a mixture",
};

export const MAGNITUDES: Names = { uniform: "0 to 1", signed: "−1 to 1", one: "1" };

export const MODELS: Names = {
  relu_output: "ReLU output",
  relu_hidden: "ReLU hidden and output",
  two_layer: "two layers, untied",
};

export const ACTIVATIONS: Names = {
  relu: "ReLU",
  gelu: "GELU",
  leaky: "leaky ReLU",
  identity: "none",
};

export const TARGETS: Names = {
  abs: "|x|",
  relu: "max(x, 0)",
  square: "x²",
  cube: "x³",
  sign: "sign of x",
  step: "1 if x > 0",
  elementwise: "a table",
  pairs: "of pairs",
};

export const OPTIMIZERS: Names = {
  adam: "Adam",
  adamw: "AdamW",
  sgd: "SGD, momentum",
  exact: "exact (no samples)",
};

/** A name of the server's in words. */
export const inWords = (name: string): string => name.replaceAll("_", " ");

/** The entries of a menu. */
export const menu = (
  values: readonly string[],
  names: Names = {},
): readonly (readonly [string, string])[] =>
  values.map((value) => [value, names[value] ?? inWords(value)]);
