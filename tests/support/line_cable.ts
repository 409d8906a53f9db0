// A cable between a sender of any settings and a serial line as the collector reads it: the UARTs
// and the kernel's marks are simulated, and the receiver is set as the line asks.

import { Buffer } from "node:buffer";
import { encodeMarks } from "../../src/simulate/marks.ts";
import type { Random } from "../../src/simulate/random.ts";
import { type Noise, UartReceiver, UartSender } from "../../src/simulate/uart.ts";
import { Wire } from "../../src/simulate/wire.ts";
import type { Decision } from "../../src/source/serial/detection.ts";
import type { SerialLine } from "../../src/source/serial/serial_line.ts";
import type { Run } from "../../src/source/source.ts";
import { markedInput, sentFramings } from "./detection_windows.ts";

/** Bytes between two looks at what the line asks for. */
const lumpBytes = 8;

export class LineCable {
  readonly line: SerialLine;
  readonly runs: Run[] = [];
  readonly decisions: Decision[] = [];
  readonly #wire = new Wire();
  readonly #receiver: UartReceiver;
  #sender: UartSender;
  #timeMs = 0;

  constructor(line: SerialLine, baud: number, framing: string) {
    this.line = line;
    const { baudRate, dataBits, parity } = line.receiver;
    this.#receiver = new UartReceiver({
      wire: this.#wire,
      settings: { baud: baudRate, dataBits, parity, stopBits: 1 },
    });
    this.#sender = this.#newSender(baud, framing);
    this.#sender.idle(this.#sender.characterUs);
  }

  /** What has come out so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.runs.map(({ bytes }) => bytes));
  }

  get text(): string {
    return this.bytes.toString("latin1");
  }

  /** The sender is set otherwise, or its cable goes bad. */
  change(baud: number, framing: string, noise?: { random: Random; flipProbability: number }): void {
    this.#sender = this.#newSender(baud, framing, noise);
  }

  send(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += lumpBytes) {
      this.#sender.send(bytes.subarray(at, at + lumpBytes));
      this.#receive();
    }
    // The end of the last character.
    this.#sender.idle(2 * this.#sender.characterUs);
    this.#receive();
  }

  sendBreak(): void {
    this.#sender.sendBreak(3 * this.#sender.characterUs);
    this.#receive();
  }

  #receive(): void {
    const bytes = encodeMarks(this.#receiver.receive(), markedInput);
    const news = this.line.push({ bytes, timeMs: this.#timeMs++ });
    this.runs.push(...news.runs);
    this.decisions.push(...news.decisions);
    const { asked } = this.line;
    if (asked === null) return;
    const { baudRate, dataBits, parity } = asked;
    this.#receiver.settings = { baud: baudRate, dataBits, parity, stopBits: 1 };
    this.line.applied(asked);
  }

  #newSender(baud: number, framing: string, noise?: Noise): UartSender {
    const settings = sentFramings[framing];
    if (settings === undefined) throw new RangeError(`send: ${framing}: unknown framing`);
    return new UartSender({
      wire: this.#wire,
      settings: { baud, ...settings },
      ...noise === undefined ? {} : { noise },
    });
  }
}
