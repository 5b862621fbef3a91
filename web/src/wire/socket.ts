/** One WebSocket to the server, opened again when it is lost. */

import { decodeFrame } from "./frame";
import type { BinaryMessage, TextMessage } from "./messages";

export interface Handlers {
  text(message: TextMessage): void;
  binary(message: BinaryMessage): void;
  /** "open", or why the connection is gone. */
  connection(status: "open" | "lost", reason: string): void;
}

/** Whoever takes the page's messages. */
export interface Link {
  send(message: Record<string, unknown> & { type: string }): void;
}

/** Close codes after which opening it again would only meet the same answer. */
const FINAL: readonly number[] = [4403, 4429];
const FIRST_DELAY = 300;
const LONGEST_DELAY = 5000;

export class Socket implements Link {
  private socket: WebSocket | undefined;
  private delay = FIRST_DELAY;
  private handlers: Handlers;
  private address: string;

  constructor(address: string, handlers: Handlers) {
    this.address = address;
    this.handlers = handlers;
    this.open();
  }

  /** Send a message; without a connection it is dropped, since a new one starts afresh. */
  send(message: Record<string, unknown> & { type: string }): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private open(): void {
    const socket = new WebSocket(this.address);
    this.socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.delay = FIRST_DELAY;
      this.handlers.connection("open", "");
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (typeof data === "string") this.handlers.text(JSON.parse(data) as TextMessage);
      else {
        const { header, arrays } = decodeFrame(data);
        this.handlers.binary({ ...header, arrays } as unknown as BinaryMessage);
      }
    };
    socket.onclose = ({ code, reason }) => {
      this.handlers.connection("lost", reason);
      if (FINAL.includes(code)) return;
      setTimeout(() => this.open(), this.delay);
      this.delay = Math.min(this.delay * 2, LONGEST_DELAY);
    };
  }
}

/** The address of the server's WebSocket, beside the page. */
export function socketAddress(page: Location): string {
  const url = new URL("ws", page.href);
  url.protocol = page.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}
