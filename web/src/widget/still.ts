/** The picture that stands beside a widget, for where no script draws it. */

/** Hide the picture of this name, wherever the notebook put it; the answer shows it again. */
export function hideStill(root: ParentNode, name: unknown): () => void {
  const found = [...root.querySelectorAll<HTMLElement>(".tegum-still")].filter(
    (still) => still.dataset.of === name,
  );
  for (const still of found) still.style.display = "none";
  return () => {
    for (const still of found) still.style.display = "";
  };
}
