// Records that nothing in them ends: only a silence behind them does.

import type { CuttingRule } from "./record_cutter.ts";

export class GapRule implements CuttingRule {
  readonly gapMs: number;

  constructor(options: { readonly gapMs: number }) {
    this.gapMs = options.gapMs;
  }

  reset(): void {}

  before(): null {
    return null;
  }

  take(): null {
    return null;
  }

  silent(): "gap" {
    return "gap";
  }
}
