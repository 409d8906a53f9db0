// The cable from an exchange to a pseudo-terminal, with a UART at either end: a reader that
// has set another speed, parity or number of bits gets what real hardware would hand it.

import { type Clock, systemClock } from "../platform/clock.ts";
import { encodeMarks } from "./marks.ts";
import type { PseudoTerminal } from "./pseudo_terminal.ts";
import { type Noise, UartReceiver, UartSender, type UartSettings } from "./uart.ts";
import { Wire } from "./wire.ts";

/** Bytes between two looks at the reader's settings when nothing paces the line. */
const unpacedChunkBytes = 256;
const pacedChunkUs = 10_000;
/** Being late by less is the timer's fault, not silence on the line. */
const slackUs = 30_000;
/** Twelve bits of silence end any character. */
const bitsToFinish = 12;

export interface LineOptions {
  readonly terminal: PseudoTerminal;
  /** The sender's. The receiver's speed is what the terminal is set to. */
  readonly settings: UartSettings;
  /**
   * The receiver's data bits and parity, which a pseudo-terminal hides.
   * @default {() => ({ dataBits: 8, parity: "none" })}
   */
  readonly receiverFraming?: () => Pick<UartSettings, "dataBits" | "parity">;
  /** How much faster than nominal the sender's clock runs. @default {0} */
  readonly clockErrorPpm?: number;
  readonly noise?: Noise;
  readonly lowStopBitIs?: "start_bit" | "ignored";
  /** Whether bytes take as long as they take on a real line. @default {false} */
  readonly paced?: boolean;
  /**
   * Told how many bytes the reader's full buffers did not take: they are lost, as on a real line.
   * @default {sending waits for the reader}
   */
  readonly onOverrun?: (lostBytes: number) => void;
  /** @default {systemClock} */
  readonly clock?: Clock;
}

/**
 * Unlike a real line it loses nothing when the reader is slow, unless told to: sending waits
 * then, so that a test can compare what was sent with what was recorded.
 */
export class Line {
  readonly #options: LineOptions;
  readonly #clock: Clock;
  readonly #wire = new Wire();
  readonly #sender: UartSender;
  readonly #receiver: UartReceiver;
  readonly #startMs: number;
  #lastTask: Promise<unknown> = Promise.resolve();

  constructor(options: LineOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#startMs = this.#clock.monotonicMs();
    this.#sender = new UartSender({ ...options, wire: this.#wire });
    this.#receiver = new UartReceiver({ ...options, wire: this.#wire });
  }

  /** How long one of the sender's characters takes. */
  get characterUs(): number {
    return this.#sender.characterUs;
  }

  /**
   * Sends bytes; calls are served in order. Resolves to the number of bytes that the reader
   * got in some form, fewer than given only when the terminal was unplugged or `signal`
   * was aborted.
   */
  send(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    const copy = bytes.slice();
    return this.#enqueue(() => this.#sendAll(copy, signal));
  }

  /** The line rests at mark. Without pacing this takes no time. */
  idle(durationMs: number, signal?: AbortSignal): Promise<void> {
    return this.#enqueue(async () => {
      this.#sender.idle(durationMs * 1000);
      await this.#deliver(signal);
    });
  }

  /** Holds the line at space. */
  sendBreak(durationMs: number, signal?: AbortSignal): Promise<void> {
    return this.#enqueue(async () => {
      this.#catchUp();
      this.#sender.sendBreak(durationMs * 1000);
      await this.#deliver(signal);
    });
  }

  #enqueue<Result>(task: () => Promise<Result>): Promise<Result> {
    const done = this.#lastTask.then(task);
    this.#lastTask = done.catch(() => undefined);
    return done;
  }

  async #sendAll(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    this.#catchUp();
    const chunkBytes = this.#options.paced === true
      ? Math.max(1, Math.floor(pacedChunkUs / this.#sender.characterUs))
      : unpacedChunkBytes;
    for (let sent = 0; sent < bytes.length; sent += chunkBytes) {
      if (signal?.aborted === true) return sent;
      this.#sender.send(bytes.subarray(sent, sent + chunkBytes));
      if (!await this.#deliver(signal)) return sent;
    }
    if (this.#receiver.receiving) {
      this.#sender.idle(bitsToFinish * 1e6 / this.#receiver.settings.baud);
      await this.#deliver(signal);
    }
    return bytes.length;
  }

  /** The time since the last call was silence. */
  #catchUp(): void {
    if (this.#options.paced !== true) return;
    const lateUs = this.#nowUs() - this.#wire.endUs;
    if (lateUs > slackUs) this.#sender.idle(lateUs);
  }

  /** Whether the reader got all that has arrived until now. */
  async #deliver(signal?: AbortSignal): Promise<boolean> {
    if (this.#options.paced === true) {
      const earlyUs = this.#wire.endUs - this.#nowUs();
      if (earlyUs > 0) await this.#clock.delay(earlyUs / 1000, signal);
    }
    const { terminal, receiverFraming, onOverrun } = this.#options;
    if (!terminal.plugged) return false;
    const { baud, stopBits, flags } = terminal.settings();
    const framing = receiverFraming?.() ?? { dataBits: 8, parity: "none" };
    // A speed of 0 asks for a hang-up; no UART is slower than 50.
    this.#receiver.settings = { baud: Math.max(baud, 50), stopBits, ...framing };
    const marked = encodeMarks(this.#receiver.receive(), flags.input);
    if (onOverrun !== undefined) {
      const lost = marked.length - terminal.offerMarked(marked);
      if (lost > 0) onOverrun(lost);
      return true;
    }
    return await terminal.writeMarked(marked, signal) === marked.length;
  }

  #nowUs(): number {
    return (this.#clock.monotonicMs() - this.#startMs) * 1000;
  }
}
