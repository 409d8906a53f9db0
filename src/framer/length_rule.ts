// Records of a fixed length. A silence before it is reached ends a record as partial; so what follows
// the loss of a byte is cut rightly again after the next silence.

import type { CuttingRule } from "./record_cutter.ts";

export class LengthRule implements CuttingRule {
  readonly #lengthBytes: number;
  #taken = 0;

  constructor(options: { readonly lengthBytes: number }) {
    this.#lengthBytes = options.lengthBytes;
  }

  reset(): void {
    this.#taken = 0;
  }

  before(): null {
    return null;
  }

  take(): "length" | null {
    this.#taken += 1;
    return this.#taken < this.#lengthBytes ? null : "length";
  }

  silent(): "idle" {
    return "idle";
  }
}
