// Equipment that keeps its records until they are acknowledged, and sends again over the next
// connection what was not.

import assert from "node:assert/strict";

const ACK = 0x06;

export class KeepingSender {
  readonly records: readonly string[];
  /** How often each was sent. */
  readonly sent: number[];
  readonly #window: number;
  #acknowledged = 0;

  constructor(options: {
    readonly records: readonly string[];
    /** So many may be under way. */
    readonly window: number;
  }) {
    this.records = options.records;
    this.sent = options.records.map(() => 0);
    this.#window = options.window;
  }

  /** The first so many are safe, as far as the sender knows. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  get isDone(): boolean {
    return this.#acknowledged === this.records.length;
  }

  /** Sends over a connection until all is acknowledged or it breaks, and closes it. */
  async use(conn: Deno.Conn): Promise<void> {
    let next = this.#acknowledged;
    const answer = new Uint8Array(256);
    try {
      while (!this.isDone) {
        const end = Math.min(this.records.length, this.#acknowledged + this.#window);
        const lines = this.records.slice(next, end).map((record) => `${record}\r\n`).join("");
        for (; next < end; next++) this.sent[next] = (this.sent[next] ?? 0) + 1;
        await writeAll(conn, new TextEncoder().encode(lines));
        const count = await conn.read(answer);
        if (count === null) return;
        assert.ok(answer.subarray(0, count).every((byte) => byte === ACK));
        this.#acknowledged += count;
        assert.ok(this.#acknowledged <= next, "only what was sent can be acknowledged");
      }
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      // The connection broke.
    } finally {
      conn.close();
    }
  }

  /** Asserts that `whole`, the journal's, are its records: all in order, none more often than sent. */
  assertKept(whole: readonly string[]): void {
    assert.deepEqual([...new Set(whole)], this.records, "complete, and in order");
    for (const [i, record] of this.records.entries()) {
      const count = whole.filter((each) => each === record).length;
      assert.ok(
        count <= (this.sent[i] ?? 0),
        `${record}: sent ${this.sent[i]}, kept ${count} times`,
      );
    }
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
}
