// How a serial line is set: speed, character frame, flow control; and how people write it. Pure.

export type Parity = "none" | "odd" | "even" | "mark" | "space";

export interface LineSettings {
  /** Bits a second. */
  readonly baudRate: number;
  readonly dataBits: 5 | 6 | 7 | 8;
  readonly parity: Parity;
  readonly stopBits: 1 | 1.5 | 2;
  /** RTS/CTS. */
  readonly flowControl: boolean;
}

/** What the configuration asks for; what it leaves open, the port finds out by itself. */
export interface WantedSettings {
  readonly baudRate: number | "detect";
  readonly frame: Pick<LineSettings, "dataBits" | "parity" | "stopBits"> | "detect";
  readonly flowControl: boolean | "detect";
}

const parityLetters: Readonly<Record<Parity, string>> = {
  none: "N",
  odd: "O",
  even: "E",
  mark: "M",
  space: "S",
};

const parities: readonly Parity[] = ["none", "odd", "even", "mark", "space"];

/** As people write it: `9600 8N1`, `1200 7E1 RTS/CTS`. */
export function formatSettings(settings: LineSettings): string {
  const { baudRate, dataBits, parity, stopBits, flowControl } = settings;
  const frame = `${baudRate} ${dataBits}${parityLetters[parity]}${stopBits}`;
  return flowControl ? `${frame} RTS/CTS` : frame;
}

/** The frames met in the field. Others are read, too. */
export const usualFrames: readonly string[] = [
  "8N1",
  "8N2",
  "7E1",
  "7O1",
  "7N2",
  "7M1",
  "7S1",
  "8E1",
  "8O1",
  "7N1",
];

const slowest = 50;
const fastest = 4_000_000;

/** Reads bits a second. @throws {RangeError} that says what is allowed. */
export function parseSpeed(text: string): number {
  const speed = /^\d{2,7}$/.test(text) ? Number(text) : 0;
  if (speed >= slowest && speed <= fastest) return speed;
  throw new RangeError(`give a speed from ${slowest} to ${fastest}`);
}

/** Reads `7E1`. @throws {RangeError} that names the usual frames. */
export function parseFrame(text: string): Omit<LineSettings, "baudRate" | "flowControl"> {
  const [, bits = "", letter = "", stop = ""] =
    /^([5-8])([NOEMS])(1|1\.5|2)$/.exec(text.trim().toUpperCase()) ?? [];
  const dataBits = ([5, 6, 7, 8] as const).find((each) => `${each}` === bits);
  const stopBits = ([1, 1.5, 2] as const).find((each) => `${each}` === stop);
  const parity = parities.find((each) => parityLetters[each] === letter);
  if (dataBits !== undefined && stopBits !== undefined && parity !== undefined) {
    return { dataBits, parity, stopBits };
  }
  throw new RangeError(`give a frame such as ${usualFrames.join(", ")}`);
}

/** Reads `9600 7E1`. @throws {RangeError} that says what is allowed. */
export function parseSettings(text: string): Omit<LineSettings, "flowControl"> {
  const [, speed, frame] = /^\s*(\d+)[\s,/]+(\S+)\s*$/.exec(text) ?? [];
  if (speed === undefined || frame === undefined) {
    throw new RangeError('give a speed and a frame, such as "9600 7E1"');
  }
  return { baudRate: parseSpeed(speed), ...parseFrame(frame) };
}
