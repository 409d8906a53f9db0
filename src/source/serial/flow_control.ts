// Whether a port uses RTS/CTS: as it is configured, else as it worked last, else from the moment in
// which characters were lost because the machine did not come to fetch them. Equipment that does not
// obey RTS takes no notice of it. Pure.

import type { Notice } from "../../platform/notice.ts";

export interface FlowControlOptions {
  /** For the messages. */
  readonly device: string;
  readonly wanted: boolean | "detect";
  readonly remembered: boolean | undefined;
}

export class FlowControl {
  readonly #device: string;
  readonly #mayChange: boolean;
  #isUsed: boolean;

  constructor({ device, wanted, remembered = false }: FlowControlOptions) {
    this.#device = device;
    this.#mayChange = wanted === "detect";
    this.#isUsed = wanted === "detect" ? remembered : wanted;
  }

  get isUsed(): boolean {
    return this.#isUsed;
  }

  /** Characters were lost. What is to be told when it is used from now on, else `null`. */
  overran(): Notice | null {
    if (this.#isUsed || !this.#mayChange) return null;
    this.#isUsed = true;
    return {
      level: "info",
      kind: "flow_control_used",
      message: `${this.#device}: characters were lost, so RTS/CTS is used from now on`,
      hint: 'it is remembered; "use_flow_control": false keeps it from being used',
    };
  }
}
