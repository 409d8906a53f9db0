// Asynchronous serial characters, bit by bit: what one UART sends at its settings, and what
// another makes of it at other settings. Pure and seeded, so that a wrong speed, a wrong
// parity or a bad cable can be tried a million times without hardware.

import type { Random } from "./random.ts";
import { Wire } from "./wire.ts";

export type Parity = "none" | "odd" | "even" | "mark" | "space";

export interface UartSettings {
  readonly baud: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly parity: Parity;
  readonly stopBits: 1 | 1.5 | 2;
}

/** Flips each bit of a character, start bit to first stop bit, with this probability. */
export interface Noise {
  readonly random: Random;
  readonly flipProbability: number;
}

export interface UartSenderOptions {
  readonly wire: Wire;
  readonly settings: UartSettings;
  /** How much faster than nominal the sender's clock runs. @default {0} */
  readonly clockErrorPpm?: number;
  readonly noise?: Noise;
}

/** Drives a wire. Each call goes on where the one before ended. */
export class UartSender {
  /** How long one character takes, start bit to last stop bit. */
  readonly characterUs: number;
  readonly #wire: Wire;
  readonly #dataBits: number;
  readonly #parity: Parity;
  readonly #bits: number;
  readonly #bitUs: number;
  readonly #noise: Noise | undefined;
  #bitsToNextFlip = Infinity;

  constructor(options: UartSenderOptions) {
    const { baud, dataBits, parity, stopBits } = options.settings;
    this.#wire = options.wire;
    this.#dataBits = dataBits;
    this.#parity = parity;
    this.#bits = 1 + dataBits + (parity === "none" ? 0 : 1) + 1;
    this.#bitUs = 1e6 / (baud * (1 + (options.clockErrorPpm ?? 0) / 1e6));
    this.characterUs = (this.#bits - 1 + stopBits) * this.#bitUs;
    this.#noise = options.noise;
    this.#drawNextFlip();
  }

  /** Characters one right behind the other; bits above the data bits are not sent. */
  send(bytes: Uint8Array): void {
    let startUs = this.#wire.endUs;
    for (const byte of bytes) {
      let frame = this.#frame(byte);
      if (this.#noise !== undefined) frame ^= this.#flips();
      for (let bit = 0; bit < this.#bits; bit++) {
        this.#wire.drive(((frame >> bit) & 1) === 1, startUs + bit * this.#bitUs);
      }
      this.#wire.drive(true, startUs + this.#bits * this.#bitUs);
      startUs += this.characterUs;
    }
    this.#wire.holdUntil(startUs);
  }

  /** The line rests at mark. */
  idle(durationUs: number): void {
    this.#wire.holdUntil(this.#wire.endUs + durationUs);
  }

  /** Holds the line at space, and then at mark for the time of one character. */
  sendBreak(durationUs: number): void {
    const startUs = this.#wire.endUs;
    this.#wire.drive(false, startUs);
    this.#wire.drive(true, startUs + durationUs);
    this.#wire.holdUntil(startUs + durationUs + this.characterUs);
  }

  /** Bit 0 is the start bit, the topmost one the stop bit. */
  #frame(byte: number): number {
    const data = byte & ((1 << this.#dataBits) - 1);
    const stop = 1 << (this.#bits - 1);
    const parity = this.#parity === "none" ? 0 : parityBit(data, this.#parity);
    return stop | (parity << (this.#dataBits + 1)) | (data << 1);
  }

  #flips(): number {
    let flips = 0;
    while (this.#bitsToNextFlip < this.#bits) {
      flips ^= 1 << this.#bitsToNextFlip;
      const at = this.#bitsToNextFlip;
      this.#drawNextFlip();
      this.#bitsToNextFlip += at + 1;
    }
    this.#bitsToNextFlip -= this.#bits;
    return flips;
  }

  /** One draw for a whole run of good bits is quicker than one for each. */
  #drawNextFlip(): void {
    if (this.#noise === undefined || this.#noise.flipProbability === 0) return;
    const { random, flipProbability } = this.#noise;
    const run = Math.log(1 - random.next()) / Math.log(1 - flipProbability);
    this.#bitsToNextFlip = Math.floor(run);
  }
}

export type ReceptionKind = "byte" | "framing" | "parity" | "break";

/** One character as a receiver reports it. A break has the byte 0. */
export interface Reception {
  readonly kind: ReceptionKind;
  readonly byte: number;
}

export interface UartReceiverOptions {
  readonly wire: Wire;
  readonly settings: UartSettings;
  /**
   * What follows a stop bit that was low: a 16550 takes it for the next start bit, others
   * wait for the line to rise and fall again.
   * @default {"start_bit"}
   */
  readonly lowStopBitIs?: "start_bit" | "ignored";
  /** When it is switched on, perhaps in the middle of a character. @default {-1, before all} */
  readonly listenFromUs?: number;
}

/**
 * Samples a wire as a 16550 does, but for its sixteen steps a bit: a character begins at a
 * falling edge, each bit is read in its middle, of the stop bits only the first. A character
 * of zeros with a low stop bit is a break, and a wrong parity hides a wrong stop bit, as in
 * Linux's 8250 driver.
 */
export class UartReceiver {
  /** May change between two characters, as when a program sets another speed. */
  settings: UartSettings;
  readonly #wire: Wire;
  readonly #lowStopBitStarts: boolean;
  #listenFromUs: number;
  #startUs: number | undefined;

  constructor(options: UartReceiverOptions) {
    this.settings = options.settings;
    this.#wire = options.wire;
    this.#lowStopBitStarts = options.lowStopBitIs !== "ignored";
    this.#listenFromUs = options.listenFromUs ?? -1;
  }

  /** Whether a character has begun whose end is not known yet. */
  get receiving(): boolean {
    return this.#startUs !== undefined;
  }

  /** The characters that have become complete since the last call. */
  receive(): Reception[] {
    const { baud, dataBits, parity } = this.settings;
    const wire = this.#wire;
    const bitUs = 1e6 / baud;
    const sampledBits = dataBits + (parity === "none" ? 0 : 1);
    const receptions: Reception[] = [];
    for (;;) {
      const startUs = this.#startUs ??= wire.nextFallAfter(this.#listenFromUs);
      if (startUs === undefined) return receptions;
      const stopUs = startUs + (sampledBits + 1.5) * bitUs;
      if (stopUs >= wire.endUs) return receptions;
      this.#startUs = undefined;
      const startMiddleUs = startUs + bitUs / 2;
      this.#listenFromUs = startMiddleUs;
      if (wire.isHighAt(startMiddleUs)) continue;
      let bits = 0;
      for (let bit = 0; bit < sampledBits; bit++) {
        if (wire.isHighAt(startUs + (bit + 1.5) * bitUs)) bits |= 1 << bit;
      }
      const stopHigh = wire.isHighAt(stopUs);
      this.#listenFromUs = stopUs;
      const reception = judge(bits, stopHigh, this.settings);
      receptions.push(reception);
      if (!stopHigh && reception.kind !== "break" && this.#lowStopBitStarts) {
        this.#startUs = stopUs - bitUs / 2;
      }
    }
  }
}

export interface Transfer {
  readonly bytes: Uint8Array;
  readonly sender: Omit<UartSenderOptions, "wire">;
  readonly receiver: Omit<UartReceiverOptions, "wire">;
}

/** What a receiver at its settings makes of bytes sent without gaps and followed by silence. */
export function transfer({ bytes, sender, receiver }: Transfer): Reception[] {
  const wire = new Wire();
  const driver = new UartSender({ ...sender, wire });
  driver.send(bytes);
  driver.idle(12e6 / receiver.settings.baud);
  return new UartReceiver({ ...receiver, wire }).receive();
}

/** The bit that a sender with this parity adds to `data`. */
export function parityBit(data: number, parity: Exclude<Parity, "none">): 0 | 1 {
  if (parity === "mark") return 1;
  if (parity === "space") return 0;
  let folded = data ^ (data >> 4);
  folded ^= folded >> 2;
  folded ^= folded >> 1;
  const oddNumberOfOnes = (folded & 1) === 1;
  return oddNumberOfOnes === (parity === "even") ? 1 : 0;
}

/** Made once: a test may look at millions. */
const receptions: Readonly<Record<ReceptionKind, readonly Reception[]>> = {
  byte: allOf("byte"),
  framing: allOf("framing"),
  parity: allOf("parity"),
  break: allOf("break"),
};

function allOf(kind: ReceptionKind): Reception[] {
  return Array.from({ length: 256 }, (_, byte) => Object.freeze({ kind, byte }));
}

function judge(bits: number, stopHigh: boolean, { dataBits, parity }: UartSettings): Reception {
  const byte = bits & ((1 << dataBits) - 1);
  const parityRight = parity === "none" || bits >> dataBits === parityBit(byte, parity);
  const kind = bits === 0 && !stopHigh
    ? "break"
    : !parityRight
    ? "parity"
    : stopHigh
    ? "byte"
    : "framing";
  return receptions[kind][byte] ?? { kind, byte };
}
