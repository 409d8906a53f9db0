// A terminal that remembers what a command printed.

import type { Terminal } from "../../src/cli/terminal.ts";

export class RecordingTerminal implements Terminal {
  readonly outLines: string[] = [];
  readonly errLines: string[] = [];
  exitCode: number | undefined;
  readonly outInColor: boolean;
  readonly errInColor: boolean;

  constructor(inColor = false) {
    this.outInColor = inColor;
    this.errInColor = inColor;
  }

  out(line: string): void {
    this.outLines.push(line);
  }

  err(line: string): void {
    this.errLines.push(line);
  }

  exit(code: number): void {
    this.exitCode = code;
  }
}
