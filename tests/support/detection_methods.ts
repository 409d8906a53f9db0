// Two methods of finding a line's settings, side by side: this repository's detector, and what the
// original service did.

import type { UartSettings } from "../../src/simulate/uart.ts";
import type { Accept, Decision, LineDetectorOptions } from "../../src/source/serial/detection.ts";
import { LineDetector } from "../../src/source/serial/line_detector.ts";
import type { ReceiverSettings } from "../../src/source/serial/framing.ts";
import type { Character } from "../../src/source/serial/mark_decoder.ts";
import { markedInput, type Method, type Traffic } from "./detection_windows.ts";

type ReceiverUart = Omit<UartSettings, "stopBits">;

export class DetectorMethod implements Method {
  readonly inputFlags = markedInput;
  readonly detector: LineDetector;
  /** Settings it listened at, in order. */
  readonly listened: ReceiverSettings[];
  readonly characters: Character[] = [];
  readonly decisions: Decision[] = [];
  accepted: Accept | null = null;
  readonly #stopsAtAccept: boolean;
  readonly #onDecision: (decision: Decision) => void;
  #asks: ReceiverSettings | null = null;

  /** `stopsAtAccept`: it is done then; else it goes on watching. @default {true} */
  constructor(options: LineDetectorOptions, how: {
    readonly stopsAtAccept?: boolean;
    readonly onDecision?: (decision: Decision) => void;
  } = {}) {
    this.#stopsAtAccept = how.stopsAtAccept ?? true;
    this.#onDecision = how.onDecision ?? (() => {});
    this.detector = new LineDetector(options);
    this.listened = [this.detector.receiver];
  }

  get receiver(): ReceiverUart {
    return uartOf(this.detector.receiver);
  }

  get asks(): ReceiverUart | null {
    return this.#asks && uartOf(this.#asks);
  }

  get isDone(): boolean {
    return this.#stopsAtAccept && this.accepted !== null;
  }

  push(character: Character): void {
    this.characters.push(character);
    for (const decision of this.detector.push([character])) {
      this.decisions.push(decision);
      this.#onDecision(decision);
      if (decision.kind === "try") this.#asks = decision.receiver;
      if (decision.kind === "accept") this.accepted = decision;
    }
  }

  applied(): void {
    if (this.#asks === null) return;
    this.listened.push(this.#asks);
    this.detector.applied(this.#asks);
    this.#asks = null;
  }
}

/** Whether what was accepted is what was sent, or cannot be told from it. */
export function isRight({ line }: Accept, { framing, baud }: Traffic): boolean {
  const { name, alike, topBitVaries } = line.framing;
  return line.baudRate === baud && !topBitVaries && (name === framing || alike.includes(framing));
}

/**
 * The original's: at each speed in turn, at 8N1, it collects `minBytes` bytes or waits for
 * `timeoutUs`, and takes the speed when 80 % of them are printable. After the last it begins anew.
 */
export class RatioMethod implements Method {
  /** No marks: damaged bytes pass as good ones. */
  readonly inputFlags = 0;
  readonly #options: {
    readonly baudRates: readonly number[];
    readonly minBytes: number;
    readonly timeoutUs: number;
  };
  #index = 0;
  #fromUs = 0;
  #bytes = 0;
  #printable = 0;
  #asks = false;
  accepted: number | null = null;

  constructor(options: {
    readonly baudRates: readonly number[];
    readonly minBytes: number;
    readonly timeoutUs: number;
  }) {
    this.#options = options;
  }

  get receiver(): ReceiverUart {
    return this.#at(this.#index);
  }

  get asks(): ReceiverUart | null {
    return this.#asks ? this.#at(this.#index + 1) : null;
  }

  get isDone(): boolean {
    return this.accepted !== null;
  }

  push({ byte }: Character): void {
    this.#bytes++;
    const isPrintable = byte >= 0x20 && byte < 0x7f || [0x09, 0x0a, 0x0d].includes(byte);
    if (isPrintable) this.#printable++;
    if (this.#bytes < this.#options.minBytes) return;
    if (this.#printable >= 0.8 * this.#bytes) this.accepted = this.receiver.baud;
    else this.#asks = true;
  }

  /** Settings of the receiver until now. */
  get tries(): number {
    return this.#index + 1;
  }

  passed(nowUs: number): void {
    if (nowUs - this.#fromUs > this.#options.timeoutUs) this.#asks = true;
  }

  applied(nowUs: number): void {
    this.#index++;
    this.#fromUs = nowUs;
    this.#bytes = 0;
    this.#printable = 0;
    this.#asks = false;
  }

  #at(index: number): ReceiverUart {
    const { baudRates } = this.#options;
    return { baud: baudRates[index % baudRates.length] ?? 9600, dataBits: 8, parity: "none" };
  }
}

function uartOf({ baudRate, dataBits, parity }: ReceiverSettings): ReceiverUart {
  return { baud: baudRate, dataBits, parity };
}
