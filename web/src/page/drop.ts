/** A file that is dropped anywhere on the page is the data set. */

import { openData } from "../state/actions";

const holdsFile = (event: DragEvent): boolean =>
  event.dataTransfer?.types.includes("Files") ?? false;

export function takeDrops(page: Document): void {
  page.addEventListener("dragover", (event) => {
    if (holdsFile(event)) event.preventDefault();
  });
  page.addEventListener("drop", (event) => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    const file = event.dataTransfer?.files[0];
    if (file) void openData(file);
  });
}
