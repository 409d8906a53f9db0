// What the detection of a line's settings is told and what it decides: the words between the
// detector, which is pure, and whoever owns the port.

import type { Frame, Framing, ReceiverSettings } from "./framing.ts";
import type { Suspect } from "./line_scores.ts";

export interface LineDetectorOptions {
  /** Speeds that the line may have (`detection.baud_rates`); the receiver is set to no others. */
  readonly baudRates: readonly number[];
  /** Good characters without which nothing is accepted (`detection.min_bytes_for_valid`). */
  readonly minBytes: number;
  /** What worked on this port the last time. */
  readonly remembered?: Frame & { readonly baudRate: number };
  /** What is configured: never changed, only compared with what the line looks like. */
  readonly fixed?: { readonly baudRate?: number; readonly frame?: Frame };
}

/** A stretch of characters, counted from the first ever pushed, that can be decoded. */
export interface DecodableSpan {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** For `decode`. */
  readonly framing: Framing;
  readonly receiver: ReceiverSettings;
}

/** `accept`: the line is so. Everything pushed before that was read at its settings is in `spans`. */
export interface Accept {
  readonly kind: "accept";
  readonly line: Suspect;
  /** 0 to 1, against all other settings known. */
  readonly confidence: number;
  /** Good characters that it rests on. */
  readonly evidenceBytes: number;
  readonly spans: readonly DecodableSpan[];
  readonly why: string;
}

/** `try`: set the receiver so, without flushing, and call `applied`. */
export interface Try {
  readonly kind: "try";
  readonly receiver: ReceiverSettings;
  readonly why: string;
}

/** `lost`: about from `from` on the line is not any more what it was. It is being looked for again. */
export interface Lost {
  readonly kind: "lost";
  readonly line: Suspect;
  readonly from: number;
  readonly why: string;
}

export type Decision = Accept | Try | Lost;
