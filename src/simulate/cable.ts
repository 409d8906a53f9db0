// A cable with a lasting name: a pseudo-terminal and the paced line to it. It can be pulled and put
// back, and the sender at its other end can change its settings. Bytes that nobody reads in time
// are lost, as on a real line, and counted.

import { type Clock, systemClock } from "../platform/clock.ts";
import type { Libc } from "../platform/libc.ts";
import { Line } from "./line.ts";
import { PseudoTerminal } from "./pseudo_terminal.ts";
import type { Noise, UartSettings } from "./uart.ts";
import { type ReceiverFrame, wholeReceiver } from "./uart_settings.ts";

/** Between two looks whether more waits for the reader: the kernel hands it on a moment later. */
const lookAgainMs = 2;

export interface CableOptions {
  readonly libc: Libc;
  /** The symbolic link that names the terminal, also after the cable was put back. */
  readonly link: string;
  /** The sender's. */
  readonly settings: UartSettings;
  /**
   * What the reader sets, as far as a pseudo-terminal hides it.
   * @default {what reads the sender's frame whole}
   */
  readonly receiver?: ReceiverFrame | undefined;
  /** How much faster than nominal the sender's clock runs. @default {0} */
  readonly clockErrorPpm?: number;
  readonly noise?: Noise;
  /** @default {systemClock} */
  readonly clock?: Clock;
}

export class Cable implements Disposable {
  readonly link: string;
  readonly #options: CableOptions;
  readonly #clock: Clock;
  #settings: UartSettings;
  #terminal: PseudoTerminal;
  #line: Line;
  #lostBytes = 0;

  /** Plugs it in. Until a reader sets its speed, it is the sender's. @throws {SystemError} */
  constructor(options: CableOptions) {
    this.link = options.link;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#settings = options.settings;
    this.#terminal = this.#newTerminal();
    this.#line = this.#newLine();
  }

  get settings(): UartSettings {
    return this.#settings;
  }

  get plugged(): boolean {
    return this.#terminal.plugged;
  }

  /** Bytes that no reader will get any more, as they would have been read. */
  get lostBytes(): number {
    return this.#lostBytes;
  }

  /** Bytes that wait for a reader, counted up to 4,095. */
  get waitingBytes(): number {
    return this.#terminal.unread();
  }

  /** The speed that the reader has set; `null` while there is no cable. */
  get readerBaud(): number | null {
    return this.plugged ? this.#terminal.settings().baud : null;
  }

  /**
   * Sends bytes in the time that they take on the line, with or without the cable. Resolves to how
   * many were sent with it.
   */
  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<number> {
    if (this.plugged) return await this.#line.send(bytes, signal);
    await this.#clock.delay(bytes.length * this.#line.characterUs / 1000, signal);
    return 0;
  }

  /** Holds the line at space. */
  async sendBreak(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (this.plugged) await this.#line.sendBreak(durationMs, signal);
  }

  /** The sender goes on at other settings; not while it sends. */
  change(settings: UartSettings): void {
    this.#settings = settings;
    this.#line = this.#newLine();
  }

  /** Pulls the cable: the reader gets a hang-up, and what waits for it is lost. */
  unplug(): void {
    this.#lostBytes += this.#terminal.takeBack();
    this.#terminal.unplug();
  }

  /** Puts the cable back: another pseudo-terminal of the same name. @throws {SystemError} */
  plug(): void {
    if (this.plugged) return;
    this.#terminal = this.#newTerminal();
    this.#line = this.#newLine();
  }

  /** Lets others than root open the terminal whose last reader was killed while it had locked it. */
  releaseExclusive(): void {
    this.#terminal.releaseExclusive();
  }

  /** Gives the reader up to `patienceMs` for what waits; what then is left is lost. */
  async settle(patienceMs: number): Promise<void> {
    const endMs = this.#clock.monotonicMs() + patienceMs;
    do await this.#clock.delay(lookAgainMs); while (
      this.waitingBytes > 0 && this.#clock.monotonicMs() < endMs
    );
    for (let empty = 0; empty < 2; await this.#clock.delay(lookAgainMs)) {
      const taken = this.#terminal.takeBack();
      this.#lostBytes += taken;
      empty = taken === 0 ? empty + 1 : 0;
    }
  }

  [Symbol.dispose](): void {
    this.#terminal.unplug();
  }

  #newTerminal(): PseudoTerminal {
    const { libc, link } = this.#options;
    return new PseudoTerminal({ libc, link, baud: this.#settings.baud });
  }

  #newLine(): Line {
    const settings = this.#settings;
    const { receiver = wholeReceiver(settings) } = this.#options;
    return new Line({
      ...this.#options,
      settings,
      terminal: this.#terminal,
      receiverFraming: () => receiver,
      paced: true,
      onOverrun: (lostBytes) => this.#lostBytes += lostBytes,
    });
  }
}
