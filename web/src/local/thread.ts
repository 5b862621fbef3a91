/** In a worker of the browser: the training, between messages. */

import { type Known, Worker } from "./worker";

let worker: Worker | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Timers wait some milliseconds at least; a message to oneself comes after those that wait. */
const bell = new MessageChannel();
bell.port1.onmessage = () => turn();
let rung = false;

function turn(): void {
  rung = false;
  if (!worker) return;
  worker.work();
  goOn();
}

function goOn(): void {
  clearTimeout(timer);
  timer = undefined;
  const wait = worker?.wait() ?? null;
  if (wait === null || rung) return;
  if (wait > 0) {
    timer = setTimeout(turn, wait);
    return;
  }
  rung = true;
  bell.port2.postMessage(null);
}

globalThis.onmessage = ({ data }: MessageEvent<{ known: Known } | { said: unknown }>) => {
  if ("known" in data) {
    const page = {
      text: (message: object) => globalThis.postMessage(JSON.stringify(message)),
      frame: (bytes: ArrayBuffer) => globalThis.postMessage(bytes, { transfer: [bytes] }),
    };
    worker = new Worker(page, data.known);
  } else worker?.hear(data.said);
  goOn();
};
