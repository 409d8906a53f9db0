// What exchanges of different makers print for one call, after records seen in the field.
// Every number is invented, every telephone number one of those kept free for fiction.

import type { Random } from "./random.ts";
import type { UartSettings } from "./uart.ts";

export interface Call {
  readonly random: Random;
  /** From 1, the exchange's count of its calls. */
  readonly sequence: number;
  /** When the call ended; records show it in UTC. */
  readonly when: Date;
  /** Adds ` #sequence.line` to each line that is not blank, so that no two are alike. */
  readonly numbered?: boolean;
}

export interface Maker {
  readonly name: string;
  readonly settings: UartSettings;
  /** The bytes of one call, terminators included, seven bits each. */
  readonly record: (call: Call) => Uint8Array;
}

const settings8N1: UartSettings = { baud: 9600, dataBits: 8, parity: "none", stopBits: 1 };
const settings7E1: UartSettings = { baud: 9600, dataBits: 7, parity: "even", stopBits: 1 };

export const makers: readonly Maker[] = [
  { name: "Avaya TELESEER", settings: settings8N1, record: avayaTeleseer },
  { name: "Toshiba CTX", settings: { ...settings8N1, baud: 1200 }, record: toshibaCtx },
  {
    name: "Nortel Meridian",
    settings: { baud: 1200, dataBits: 7, parity: "mark", stopBits: 1 },
    record: nortelMeridian,
  },
  { name: "Norstar/BCM", settings: { ...settings8N1, baud: 1200 }, record: norstar },
  { name: "Mitel SX-200", settings: { ...settings7E1, baud: 1200 }, record: mitelSx200 },
  { name: "AT&T/Lucent", settings: { ...settings8N1, baud: 1200, stopBits: 2 }, record: lucent },
  { name: "Panasonic", settings: { ...settings8N1, baud: 19200 }, record: panasonic },
  { name: "NEC NEAX", settings: settings7E1, record: necNeax },
  { name: "Aastra PC5", settings: settings8N1, record: aastraPc5 },
  { name: "ALI to CAD", settings: settings7E1, record: aliToCad },
];

/**
 * The maker of this name, or the only one in whose name these letters stand.
 * @throws {RangeError} that lists the known names.
 */
export function makerNamed(name: string): Maker {
  const wanted = name.toLowerCase();
  const fitting = makers.filter((maker) => maker.name.toLowerCase().includes(wanted));
  const exact = fitting.find((maker) => maker.name.length === name.length);
  const found = exact ?? (fitting.length === 1 ? fitting[0] : undefined);
  if (found !== undefined) return found;
  const known = makers.map((maker) => maker.name).join(", ");
  throw new RangeError(`find maker: ${name}: known are ${known}`);
}

/**
 * How many records a framing by lines makes of these bytes: each CR, LF or CRLF ends one, and
 * blank lines count. `before` is the byte in front of them, for a CRLF that was torn apart.
 */
export function countLineRecords(bytes: Uint8Array, before?: number): number {
  let count = 0;
  let previous = before;
  for (const byte of bytes) {
    if (byte === 0x0d || (byte === 0x0a && previous !== 0x0d)) count++;
    previous = byte;
  }
  return count;
}

function avayaTeleseer(call: Call): Uint8Array {
  const { random } = call;
  const time = `${digits(call.when.getUTCHours(), 2)}${digits(call.when.getUTCMinutes(), 2)}`;
  const duration = digits(random.integer(0, 9599), 5);
  const line = `   ${time}${duration}  9101     ${telephone(random)} ${extension(random)}` +
    `               1   ${digits(random.integer(0, 99), 4)}               `;
  return printed(call, [line], "\r\n\0\0\0");
}

function toshibaCtx(call: Call): Uint8Array {
  const { random } = call;
  const caller = telephone(random);
  return printed(call, [
    `N ${digits(call.sequence % 1000, 3)} 01     DN${extension(random)}    ${trunk(random)}   ` +
    `${monthDay(call.when)} ${time(call.when)} ${duration(random)}.0 91${caller}`,
    ` &${caller}`,
  ]);
}

/** The second line continues the first; its `&` says so. */
function nortelMeridian(call: Call): Uint8Array {
  const { random } = call;
  const caller = telephone(random);
  const called = extension(random);
  return printed(call, [
    `N ${digits(call.sequence % 1000, 3)} 00 ${trunk(random)} DN${called} ` +
    `${monthDay(call.when)} ${time(call.when)} ${duration(random)}.0 91${caller}`,
    `& ${caller} ${called}`,
  ]);
}

function norstar(call: Call): Uint8Array {
  const { random } = call;
  const line = digits(random.integer(1, 24), 4);
  return printed(call, [
    `-------- ${monthDay(call.when)}/${year(call.when)} ${time(call.when)} ` +
    `LINE = ${line} STN = ${random.integer(221, 280)}`,
    `CALLING NUMBER ${telephone(random)}`,
    `${duration(random)} CALL RELEASED`,
  ]);
}

function mitelSx200(call: Call): Uint8Array {
  const { random } = call;
  const station = random.integer(200, 299);
  return printed(call, [
    `-${monthDay(call.when)} ${time(call.when).slice(0, 5)} ${duration(random)} ` +
    `T${digits(random.integer(1, 199), 3)}  *${digits(random.integer(1, 20), 3)} ` +
    `${station} T ${random.integer(200, 299)}`,
  ]);
}

function lucent(call: Call): Uint8Array {
  const { random } = call;
  return printed(call, [
    `C ${monthDay(call.when)}/${year(call.when)} ${time(call.when).slice(0, 5)} ` +
    `91${telephone(random)}        ${duration(random)} ${digits(random.integer(1, 24), 2)}    ` +
    `${random.integer(10, 79)}`,
  ]);
}

/** Every 40th call begins a page: a blank footer, a title, a rule. */
function panasonic(call: Call): Uint8Array {
  const { random, when } = call;
  const hour = digits(when.getUTCHours() % 12 || 12, 2);
  const half = when.getUTCHours() < 12 ? "AM" : "PM";
  const date = `${digits(when.getUTCDate(), 2)}/${digits(when.getUTCMonth() + 1, 2)}/${year(when)}`;
  const line = `${date} ${hour}:${digits(when.getUTCMinutes(), 2)}${half} ` +
    `${random.integer(201, 280)} ${digits(random.integer(1, 12), 2)} ${telephone(random)} ` +
    `0'${digits(random.integer(1, 30), 2)} 00:${digits(random.integer(0, 59), 2)}'` +
    `${digits(random.integer(0, 59), 2)} TR`;
  const title = "Date     Time    Ext CO Dial number Ring Duration  CD";
  const page = call.sequence % 40 === 1 ? ["", "", "", title, "-".repeat(title.length)] : [];
  return printed(call, [...page, line]);
}

/** No line ends: STX, text, ETX, and the exclusive or of all after STX. */
function necNeax(call: Call): Uint8Array {
  const { random, when } = call;
  const number = call.numbered === true ? ` #${call.sequence}.1` : "";
  const date = `${digits(when.getUTCMonth() + 1, 2)}${digits(when.getUTCDate(), 2)}`;
  const body = new TextEncoder().encode(
    `\x020!KA${trunk(random).slice(1)}${extension(random)}${date}` +
      `${time(when).replaceAll(":", "")}${telephone(random)}${number}\x03`,
  );
  const check = body.subarray(1).reduce((folded, byte) => folded ^ byte, 0);
  return Uint8Array.of(...body, check);
}

/** Every 50th call begins a page: a form feed on a line of its own. */
function aastraPc5(call: Call): Uint8Array {
  const { random, when } = call;
  const line = `\t${digits(call.sequence % 100_000, 5)} ${monthDay(when)} ${time(when)} ` +
    `${duration(random)} ${extension(random)} ${trunk(random)} ${telephone(random)}`;
  return printed(call, call.sequence % 50 === 1 ? ["\f", line] : [line]);
}

function aliToCad(call: Call): Uint8Array {
  const { random, when } = call;
  const caller = telephone(random);
  const dashed = `${caller.slice(0, 3)}-${caller.slice(3, 6)}-${caller.slice(6)}`;
  const date = `${monthDay(when).replace("/", "")}${when.getUTCFullYear()}`;
  return printed(call, [
    `${random.integer(201, 224)}`,
    `${dashed} ${time(when)} ${date}`,
    random.pick(["EXAMPLE INC", "SAMPLE HARDWARE", "DOE, JANE", "ANYTOWN CLINIC"]),
    `${random.integer(100, 9899)} ${random.pick(["BUSN", "RESD", "WPH2", "VOIP"])}`,
    random.pick(["MAIN ST", "N CENTER ST", "STATE ROUTE 999", "ELM AVE APT 4"]),
    "ANYTOWN UT",
    `ESN ${digits(random.integer(1, 999), 3)} TEL UNC Z ZUNC`,
  ]);
}

function printed(call: Call, lines: readonly string[], end = "\r\n"): Uint8Array {
  const text = lines.map((line, index) => {
    const numbered = call.numbered === true && line.trim() !== "";
    return `${line}${numbered ? ` #${call.sequence}.${index + 1}` : ""}${end}`;
  });
  return new TextEncoder().encode(text.join(""));
}

function telephone(random: Random): string {
  return `55555501${digits(random.integer(0, 99), 2)}`;
}

function extension(random: Random): string {
  return `${random.integer(4500, 4599)}`;
}

function trunk(random: Random): string {
  return `T001${digits(random.integer(1, 24), 3)}`;
}

function duration(random: Random): string {
  const seconds = random.integer(1, 1800);
  return `00:${digits(Math.floor(seconds / 60), 2)}:${digits(seconds % 60, 2)}`;
}

function monthDay(when: Date): string {
  return `${digits(when.getUTCMonth() + 1, 2)}/${digits(when.getUTCDate(), 2)}`;
}

function year(when: Date): string {
  return digits(when.getUTCFullYear() % 100, 2);
}

function time(when: Date): string {
  return when.toISOString().slice(11, 19);
}

function digits(value: number, length: number): string {
  return `${value}`.padStart(length, "0");
}
