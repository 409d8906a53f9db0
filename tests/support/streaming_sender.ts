// Equipment that keeps nothing: each record is sent once, over whatever connection there is.

import assert from "node:assert/strict";
import type { Random } from "../../src/simulate/random.ts";

export class StreamingSender {
  readonly sent: string[] = [];
  readonly #random: Random;
  #isOver = false;

  constructor(random: Random) {
    this.#random = random;
  }

  async use(conn: Deno.Conn): Promise<void> {
    try {
      while (!this.#isOver) {
        const record = `stream-${this.sent.length} 5555550${this.#random.integer(100, 199)}`;
        this.sent.push(record);
        const bytes = new TextEncoder().encode(`${record}\r\n`);
        for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    } catch {
      // The connection broke.
    } finally {
      conn.close();
    }
  }

  /** Ends the connection behind the record that is being sent. */
  finish(): void {
    this.#isOver = true;
  }

  /**
   * Asserts that what arrived was sent, in this order, once; that what was torn is the beginning of
   * something missing; and that each of so many cuts has made one gap at most.
   */
  assertArrived(arrived: readonly string[], torn: readonly string[], cuts: number): void {
    const numbers = arrived.map((record) => this.sent.indexOf(record));
    assert.ok(numbers.every((number, i) => number > (numbers[i - 1] ?? -1)), "in order, once");
    const missing = this.sent.filter((_, i) => !numbers.includes(i));
    for (const part of torn) {
      assert.ok(missing.some((record) => record.startsWith(part)), `"${part}" was never sent`);
    }
    const gaps = numbers.filter((number, i) => number !== (numbers[i - 1] ?? -1) + 1).length;
    assert.ok(gaps <= cuts, `${gaps} gaps from ${cuts} cuts`);
  }
}
