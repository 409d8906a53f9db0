// How a serial line is set: speed, character frame, flow control. Pure.

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

/** As people write it: `9600 8N1`, `1200 7E1 RTS/CTS`. */
export function formatSettings(settings: LineSettings): string {
  const { baudRate, dataBits, parity, stopBits, flowControl } = settings;
  const frame = `${baudRate} ${dataBits}${parityLetters[parity]}${stopBits}`;
  return flowControl ? `${frame} RTS/CTS` : frame;
}
