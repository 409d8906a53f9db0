// What may follow an option on the command line: a text becomes a value, or is refused with what is
// allowed there.

import { InvalidArgumentError } from "commander";
import { exitCodes } from "./terminal.ts";

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
