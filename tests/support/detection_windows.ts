// Windows of traffic for methods that find a line's settings: a sender that has been printing calls
// for long, and a receiver that is switched on somewhere in the middle of a character.

import { makers } from "../../src/simulate/makers.ts";
import { encodeMarks, INPCK, PARMRK } from "../../src/simulate/marks.ts";
import { Random } from "../../src/simulate/random.ts";
import {
  type Noise,
  UartReceiver,
  UartSender,
  type UartSettings,
} from "../../src/simulate/uart.ts";
import { Wire } from "../../src/simulate/wire.ts";
import { type Character, MarkDecoder } from "../../src/source/serial/mark_decoder.ts";

/** The framings of the field, as a sender is set. */
export const sentFramings: Readonly<Record<string, Omit<UartSettings, "baud">>> = {
  "8N1": { dataBits: 8, parity: "none", stopBits: 1 },
  "8N2": { dataBits: 8, parity: "none", stopBits: 2 },
  "7E1": { dataBits: 7, parity: "even", stopBits: 1 },
  "7O1": { dataBits: 7, parity: "odd", stopBits: 1 },
  "7N2": { dataBits: 7, parity: "none", stopBits: 2 },
  "7M1": { dataBits: 7, parity: "mark", stopBits: 1 },
  "7S1": { dataBits: 7, parity: "space", stopBits: 1 },
  "8E1": { dataBits: 8, parity: "even", stopBits: 1 },
  "8O1": { dataBits: 8, parity: "odd", stopBits: 1 },
  "7N1": { dataBits: 7, parity: "none", stopBits: 1 },
};

export const sentBaudRates: readonly number[] = [
  300,
  1200,
  2400,
  4800,
  9600,
  19_200,
  38_400,
  57_600,
  115_200,
];

export interface Traffic {
  readonly framing: string;
  readonly baud: number;
  readonly clockErrorPpm: number;
  /** Index into `makers`. */
  readonly maker: number;
  readonly lowStopBitIs: "start_bit" | "ignored";
  /** Whether there are pauses between calls, and sometimes between characters. */
  readonly hasPauses: boolean;
  readonly seed: number;
  /** @default {0} */
  readonly flipProbability?: number;
}

/** A draw of everything, so that numbers 0 to 89 have each framing at each speed once. */
export function drawTraffic(number: number, seed: number): Traffic {
  const names = Object.keys(sentFramings);
  const random = new Random(seed + number * 0x9e3779b1);
  return {
    framing: names[number % names.length] ?? "8N1",
    baud: sentBaudRates[Math.floor(number / names.length) % sentBaudRates.length] ?? 9600,
    clockErrorPpm: random.integer(-20_000, 20_000),
    maker: random.integer(0, makers.length - 1),
    lowStopBitIs: random.pick(["start_bit", "ignored"]),
    hasPauses: random.next() < 0.5,
    seed: random.integer(0, 2 ** 31),
  };
}

/** A method under test. It is told each character with the time on the line. */
export interface Method {
  readonly receiver: Omit<UartSettings, "stopBits">;
  /** c_iflag that it reads with. */
  readonly inputFlags: number;
  push(character: Character, nowUs: number): void;
  /** Time has passed on the line. */
  passed?(nowUs: number): void;
  /** What it asked for is in force. */
  applied(nowUs: number): void;
  readonly asks: Omit<UartSettings, "stopBits"> | null;
  readonly isDone: boolean;
}

export interface WindowOptions {
  readonly traffic: Traffic;
  /** What the sender changes to, after so many characters. */
  readonly changes?: readonly { readonly afterBytes: number; readonly traffic: Traffic }[];
  readonly method: Method;
  /** Characters sent until the method has failed. */
  readonly maxBytes: number;
  /** From asking for a setting until it is in force: reading in lumps, an adapter's delay. */
  readonly latencyUs?: number;
  /** Told each character that is sent, before the receiver gets it. */
  readonly onSent?: (byte: number) => void;
}

/** What the sender had sent when the method was done, and how long that takes on a real line. */
export interface WindowResult {
  readonly sentBytes: number;
  readonly seconds: number;
}

export function runWindow(options: WindowOptions): WindowResult {
  const { traffic, method, maxBytes, latencyUs = 0, onSent } = options;
  const changes = [...options.changes ?? []];
  const wire = new Wire();
  let { sender, characters, random } = exchange(traffic, wire);
  const receiver = new UartReceiver({
    wire,
    settings: { ...method.receiver, stopBits: 1 },
    lowStopBitIs: traffic.lowStopBitIs,
    listenFromUs: random.next() * sender.characterUs,
  });
  const decoder = new MarkDecoder();
  let appliedUs = Infinity;
  for (let sentBytes = 1; sentBytes <= maxBytes; sentBytes++) {
    if (changes[0] !== undefined && sentBytes > changes[0].afterBytes) {
      ({ sender, characters, random } = exchange(changes[0].traffic, wire));
      changes.shift();
    }
    const { byte, pauseCharacters } = characters.next().value;
    onSent?.(byte);
    sender.send(Uint8Array.of(byte));
    if (pauseCharacters > 0) sender.idle(pauseCharacters * sender.characterUs);
    for (const reception of receiver.receive()) {
      for (const character of decoder.push(encodeMarks([reception], method.inputFlags))) {
        method.push(character, wire.endUs);
        if (method.isDone) return { sentBytes, seconds: wire.endUs / 1e6 };
      }
    }
    method.passed?.(wire.endUs);
    if (method.asks === null) appliedUs = Infinity;
    else if (appliedUs === Infinity) appliedUs = wire.endUs + latencyUs;
    if (method.asks !== null && wire.endUs >= appliedUs) {
      receiver.settings = { ...method.asks, stopBits: 1 };
      method.applied(wire.endUs);
      appliedUs = Infinity;
    }
  }
  return { sentBytes: maxBytes, seconds: wire.endUs / 1e6 };
}

function exchange(traffic: Traffic, wire: Wire): {
  sender: UartSender;
  characters: Generator<SentCharacter, never>;
  random: Random;
} {
  const { framing, baud, seed, clockErrorPpm, flipProbability = 0 } = traffic;
  const settings = sentFramings[framing];
  if (settings === undefined) throw new RangeError(`send: ${framing}: unknown framing`);
  const noise: Noise = { random: new Random(seed ^ 0x5bd1e995), flipProbability };
  const random = new Random(seed);
  return {
    sender: new UartSender({ wire, settings: { baud, ...settings }, clockErrorPpm, noise }),
    characters: charactersOf(traffic, random),
    random,
  };
}

interface SentCharacter {
  readonly byte: number;
  readonly pauseCharacters: number;
}

/** As `NectarCollector` reads a port. */
export const markedInput = PARMRK | INPCK;

function* charactersOf(
  traffic: Traffic,
  random: Random,
): Generator<SentCharacter, never> {
  const maker = makers[traffic.maker % makers.length];
  if (maker === undefined) throw new RangeError("send: no makers");
  let isFirst = true;
  for (let sequence = random.integer(1, 100);; sequence++) {
    const when = new Date(Date.UTC(2026, 0, 1) + random.integer(0, 31_000_000) * 1000);
    const record = maker.record({ random, sequence, when });
    const from = isFirst ? random.integer(0, record.length - 1) : 0;
    isFirst = false;
    for (let index = from; index < record.length; index++) {
      const isLast = index === record.length - 1;
      const pauseCharacters = !traffic.hasPauses
        ? 0
        : isLast
        ? random.integer(0, 200)
        : random.next() < 0.1
        ? random.next() * 3
        : 0;
      yield { byte: record[index] ?? 0, pauseCharacters };
    }
  }
}
