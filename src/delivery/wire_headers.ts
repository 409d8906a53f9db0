// A message's headers as the bytes that go on the wire, written into room that is taken for many
// messages at once. The client's own header object costs as much as all the rest of a publish.

import { headers, type MsgHdrs } from "@nats-io/transport-node";

/** Taken anew when it is full: what the client has not sent yet must not change. */
const roomBytes = 64 * 1024;

/** Of one message, the longest that ours can get. */
const mostBytes = 1024;

export class WireHeaders {
  readonly #encoder = new TextEncoder();
  #room = new Uint8Array(roomBytes);
  #used = 0;
  #written = new Uint8Array(0);
  /** The client asks `encode()` for the bytes, in the turn that publishes. */
  readonly #forClient = Object.assign(headers(), { encode: () => this.#written });

  /** What to give to the client's next `publish`, and not to a later one. */
  write(fields: readonly [string, string][]): MsgHdrs {
    if (this.#room.length - this.#used < mostBytes) {
      this.#room = new Uint8Array(roomBytes);
      this.#used = 0;
    }
    let text = "NATS/1.0\r\n";
    for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
    const free = this.#room.subarray(this.#used);
    const { read, written } = this.#encoder.encodeInto(`${text}\r\n`, free);
    if (read < text.length + 2) throw new Error(`encode headers: ${text.length} characters`);
    this.#written = free.subarray(0, written);
    this.#used += written;
    return this.#forClient;
  }
}
