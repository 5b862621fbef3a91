/** The page's end of a training in its own browser: as the socket to a server, for whoever asks. */

import { read } from "../wire/data";
import { decodeFrame } from "../wire/frame";
import type { BinaryMessage, TextMessage } from "../wire/messages";
import type { Handlers, Link } from "../wire/socket";
import Thread from "./thread?worker&inline";
import type { Known } from "./worker";

/** Start the worker; what it says comes to the handlers. */
export async function openLocal(handlers: Handlers): Promise<Link> {
  const thread = new Thread();
  thread.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
    if (typeof data === "string") return handlers.text(JSON.parse(data) as TextMessage);
    const { header, arrays } = decodeFrame(data);
    handlers.binary({ ...header, arrays } as unknown as BinaryMessage);
  };
  thread.onerror = ({ message }) =>
    handlers.text({ type: "crashed", run: 0, message: `this browser cannot train: ${message}` });
  const known = await read<Known>("site");
  handlers.connection("open", "");
  thread.postMessage({ known });
  return { send: (said) => thread.postMessage({ said }) };
}
