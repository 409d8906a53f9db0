// What may follow an option on the command line: a text becomes a value, or is refused with what is
// allowed there.

import { InvalidArgumentError } from "commander";
import { exitCodes } from "./terminal.ts";

const backToBack = "back-to-back";

/** Wrong input ends a command with the same exit code as a wrong configuration. */
export class WrongValue extends InvalidArgumentError {
  override exitCode = exitCodes.badConfig;
}

/** Reads a whole number above 0 and up to `highest`. */
export function wholeNumber(highest = 999_999): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= highest) return value;
    throw new WrongValue(`give a whole number from 1 to ${highest}`);
  };
}

/** Reads a number, decimals allowed, from `lowest` to `highest`; a sign or a `%` may stand with it. */
export function numberBetween(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = /^[+-]?\d+(\.\d+)?%?$/.test(text) ? parseFloat(text) : NaN;
    if (value >= lowest && value <= highest) return value;
    throw new WrongValue(`give a number from ${lowest} to ${highest}`);
  };
}

/** Reads one value or several with commas between, and adds them to those given before. */
export function list<Value>(
  read: (text: string) => Value | readonly Value[],
): (text: string, before?: readonly Value[]) => readonly Value[] {
  return (
    text,
    before = [],
  ) => [...before, ...text.split(",").flatMap((part) => read(part.trim()))];
}

/** Reads with a function whose RangeError says what is allowed. */
export function named<Value>(read: (text: string) => Value): (text: string) => Value {
  return (text) => {
    try {
      return read(text);
    } catch (error) {
      throw error instanceof RangeError ? new WrongValue(error.message) : error;
    }
  };
}

/** Reads how often something comes, `30/min`; returns times a second. */
export function pace(text: string): number {
  if (text === backToBack) return Infinity;
  const [, count = "", unit = ""] = /^(\d+(?:\.\d+)?)\/(s|min|h)$/.exec(text) ?? [];
  const perSecond = Number(count) / (unit === "s" ? 1 : unit === "min" ? 60 : 3600);
  if (count !== "" && perSecond > 0) return perSecond;
  throw new WrongValue(
    `give a number a second, minute or hour, such as 2/s, 30/min, 100/h, or ${backToBack}`,
  );
}
