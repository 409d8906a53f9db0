// Something that listens where a NATS server should, and is none, or a broken one.

const encoder = new TextEncoder();

/** What a NATS server says first. */
export const natsGreeting =
  'INFO {"server_id":"X","version":"2.11.0","headers":true,"max_payload":1048576}\r\n';

export interface RudePeerOptions {
  /** Said to each who connects. @default {nothing} */
  readonly greeting?: string;
  /** Said to the first words that are heard. @default {nothing} */
  readonly answer?: string;
  /** When to hang up. @default {"never"} */
  readonly hangsUp?: "after greeting" | "after answer" | "never";
}

export class RudePeer implements AsyncDisposable {
  readonly url: string;
  /** Connections taken, over all time. */
  accepted = 0;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #options: RudePeerOptions;
  readonly #open = new Set<Deno.Conn>();
  readonly #done: Promise<void>;

  constructor(options: RudePeerOptions) {
    this.#options = options;
    this.url = `nats://127.0.0.1:${this.#listener.addr.port}`;
    this.#done = this.#serve();
  }

  /** Connections that neither side has closed. */
  get open(): number {
    return this.#open.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) this.#hangUp(connection);
    await this.#done;
  }

  async #serve(): Promise<void> {
    const talks: Promise<void>[] = [];
    for await (const connection of this.#listener) {
      this.accepted += 1;
      this.#open.add(connection);
      // Whatever ends a talk, it is over.
      const talk = this.#talk(connection).catch(() => {});
      talks.push(talk.then(() => this.#hangUp(connection)));
    }
    await Promise.all(talks);
  }

  async #talk(connection: Deno.Conn): Promise<void> {
    const { greeting = "", answer = "", hangsUp = "never" } = this.#options;
    await connection.write(encoder.encode(greeting));
    if (hangsUp === "after greeting") return;
    const buffer = new Uint8Array(4096);
    for (let heard = 0; await connection.read(buffer) !== null; heard++) {
      if (heard > 0) continue;
      await connection.write(encoder.encode(answer));
      if (hangsUp === "after answer") return;
    }
  }

  #hangUp(connection: Deno.Conn): void {
    if (this.#open.delete(connection)) connection.close();
  }
}
