import assert from "node:assert/strict";
import { Libc } from "../../../src/platform/libc.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import { readTurn } from "../../../src/source/serial/read_turn.ts";
import { SerialPort } from "../../../src/source/serial/serial_port.ts";
import type { SourceHandler } from "../../../src/source/source.ts";
import { HandClock } from "../../support/hand_clock.ts";
import { waitFor } from "../../support/wait_for.ts";

const pieceBytes = 1024;
const sentBytes = 10 * pieceBytes;

const settings = {
  baudRate: 115_200,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: false,
} as const;

/** A port at which much waits, and a channel to which each piece of it costs `pieceMs`. */
class Bench implements AsyncDisposable {
  readonly pieces: number[] = [];
  readonly clock = new HandClock();
  readonly #libc = new Libc();
  readonly #terminal = new PseudoTerminal({ libc: this.#libc });
  readonly #port = SerialPort.open(this.#libc, this.#terminal.path, settings);
  readonly #handler: SourceHandler;

  constructor(pieceMs: number) {
    let nowMs = 0;
    this.clock.monotonicMs = () => nowMs;
    const nothing = (): void => {};
    this.#handler = {
      opened: nothing,
      detecting: nothing,
      room: (length) => new Uint8Array(length),
      bytes: (chunk) => {
        this.pieces.push(chunk.length);
        nowMs += pieceMs;
        return true;
      },
      signal: nothing,
      closed: nothing,
      unavailable: nothing,
      broke: () => {},
    };
  }

  async send(): Promise<void> {
    await this.#terminal.write(new Uint8Array(sentBytes).fill(0x78));
    await waitFor("bytes to wait", () => this.#terminal.unread() > 3 * pieceBytes);
  }

  turn(isLast = false): ReturnType<typeof readTurn> {
    return readTurn(this.#port, { handler: this.#handler, clock: this.clock, isLast });
  }

  get taken(): number {
    return this.pieces.reduce((sum, length) => sum + length, 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#port.close();
    this.#terminal.unplug();
    this.#libc[Symbol.dispose]();
    return Promise.resolve();
  }
}

/** Turns until all is read; what waits behind the first 4 KB comes up a moment later. */
async function turns(bench: Bench): Promise<number> {
  let count = 0;
  while (bench.taken < sentBytes) {
    if (bench.turn() === "empty") await new Promise((resolve) => setTimeout(resolve, 1));
    else count += 1;
  }
  return count;
}

Deno.test("a port whose bytes are costly gives up its turn after a piece, and loses none", async () => {
  await using bench = new Bench(5);
  await bench.send();
  const count = await turns(bench);
  assert.equal(bench.taken, sentBytes);
  assert.ok(bench.pieces.every((length) => length <= pieceBytes), `${bench.pieces}`);
  assert.ok(count >= sentBytes / pieceBytes - 1, `${count} turns`);
});

Deno.test("a port whose bytes cost nothing gets through in one turn", async () => {
  await using bench = new Bench(0);
  await bench.send();
  assert.equal(bench.turn(), "empty");
  assert.ok(bench.taken > 2 * pieceBytes, `${bench.taken} bytes`);
});

Deno.test("the last turn of a port takes what waits, however costly", async () => {
  await using bench = new Bench(5);
  await bench.send();
  assert.equal(bench.turn(true), "empty");
  assert.ok(bench.taken > 2 * pieceBytes, `${bench.taken} bytes`);
});
