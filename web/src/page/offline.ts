/** A site is there without a network after the first visit: its service worker keeps its files. */

import { isAlone, isSite } from "../wire/data";

export function keepOffline(): void {
  const able = "serviceWorker" in navigator && globalThis.isSecureContext;
  if (isSite() && !isAlone() && able) {
    // A host or a browser that refuses it serves the page all the same.
    navigator.serviceWorker.register("./sw.js").catch(() => undefined);
  }
}
