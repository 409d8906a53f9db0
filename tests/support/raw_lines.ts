// Raw capture as somebody who has only its description reads it.

import { Buffer } from "node:buffer";

export interface RawLine {
  readonly timeMs: number;
  readonly settings: string;
  /** What was read; `null` for what was done. */
  readonly bytes: Uint8Array | null;
  /** What was done; empty for a read. */
  readonly note: string;
}

const linePattern =
  /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}Z) (\d+ [5-8][NOEMS](?:1|1\.5|2)(?: RTS\/CTS)?) (.*)$/;

/** @throws {Error} for a line that is none, or that is torn */
export function readRawLine(line: string): RawLine {
  const [, day, time, settings, content] = linePattern.exec(line) ?? [];
  if (settings === undefined || content === undefined) throw new Error(`no raw line: ${line}`);
  const timeMs = Date.parse(`${day}T${time}`);
  if (!content.startsWith('"')) return { timeMs, settings, bytes: null, note: content };
  return { timeMs, settings, bytes: bytesIn(content), note: "" };
}

const named: Readonly<Record<string, number>> = {
  '\\"': 0x22,
  "\\\\": 0x5c,
  "\\n": 0x0a,
  "\\r": 0x0d,
  "\\t": 0x09,
};

/** The bytes in a quoted text, as the kernel had handed them over. */
export function bytesIn(quoted: string): Buffer {
  const bytes: number[] = [];
  let rest = quoted.slice(1);
  const take = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(rest);
    if (found === null) return undefined;
    rest = rest.slice(found[0].length);
    return found[1] ?? found[0];
  };
  while (rest !== '"') {
    const plain = take(/^[ !#-[\]-~]/) ?? take(/^\\[\\"nrt]/);
    const hex = plain === undefined ? take(/^\\x([0-9A-F]{2})/) : undefined;
    const damaged = take(/^\\<damaged:([0-9A-F]{2})>/);
    const part = take(/^\\<mark:((?:[0-9A-F]{2})+)>/);
    if (plain !== undefined) bytes.push(named[plain] ?? plain.charCodeAt(0));
    if (hex !== undefined) bytes.push(...hex === "FF" ? [0xff, 0xff] : [parseInt(hex, 16)]);
    if (damaged !== undefined) bytes.push(0xff, 0, parseInt(damaged, 16));
    if (part !== undefined) bytes.push(...Buffer.from(part, "hex"));
    const isBreak = take(/^\\<break>/) !== undefined;
    if (isBreak) bytes.push(0xff, 0, 0);
    if (!isBreak && (plain ?? hex ?? damaged ?? part) === undefined) {
      throw new Error(`not raw text, or torn: ${quoted}`);
    }
  }
  return Buffer.from(bytes);
}

/** All lines of raw files, the oldest file first. */
export function readRawText(text: string): RawLine[] {
  return text.split("\n").slice(0, -1).map(readRawLine);
}

/** The text of a channel's raw files, the oldest first; empty where there are none. */
export function rawText(folder: string, channel: string): string {
  const names = Array.from(readEntries(folder), ({ name }) => name)
    .filter((name) => name === `${channel}.raw` || name.startsWith(`${channel}.raw.`));
  const numberOf = (name: string): number => Number(name.slice(`${channel}.raw.`.length));
  return names.sort((a, b) => numberOf(b) - numberOf(a))
    .map((name) => Deno.readTextFileSync(`${folder}/${name}`))
    .join("");
}

function readEntries(folder: string): Iterable<Deno.DirEntry> {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
