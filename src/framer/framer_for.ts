// The framer that a port's configuration asks for.

import { parseCharacters } from "../config/character_set.ts";
import type { FramingConfig } from "../config/framing_schema.ts";
import { EnvelopeRule } from "./envelope_rule.ts";
import type { Framer, FramerStart } from "./framer.ts";
import { GapRule } from "./gap_rule.ts";
import { LengthRule } from "./length_rule.ts";
import { LineFramer } from "./line_framer.ts";
import { MultiLineRule } from "./multi_line_rule.ts";
import { type CuttingRule, RecordCutter } from "./record_cutter.ts";

/** A framer that goes on at `start`. */
export function framerFor(framing: FramingConfig, start: FramerStart): Framer {
  if (framing.mode === "line") return new LineFramer({ position: start });
  return new RecordCutter({ rule: ruleOf(framing), start });
}

/** Whether a record may hold line feeds: then one at the log's end does not say that it has ended. */
export function hasFeedsInside({ mode }: FramingConfig): boolean {
  return mode !== "line";
}

function ruleOf(framing: Exclude<FramingConfig, { mode: "line" }>): CuttingRule {
  switch (framing.mode) {
    case "stx_etx":
      return new EnvelopeRule({
        startByte: framing.start_byte,
        endByte: framing.end_byte,
        checkByte: framing.check_byte,
      });
    case "idle":
      return new GapRule({ gapMs: framing.gap_ms });
    case "fixed":
      return new LengthRule({ lengthBytes: framing.length_bytes });
    case "continuation": {
      const goesOn = characters(framing.continuation_characters);
      return new MultiLineRule((byte) => !goesOn.has(byte));
    }
    case "pattern": {
      const begins = characters(framing.first_characters);
      return new MultiLineRule((byte) => begins.has(byte));
    }
  }
}

function characters(text: string): ReadonlySet<number> {
  const found = parseCharacters(text);
  if (found === null) throw new Error(`read characters: ${JSON.stringify(text)}`);
  return found;
}
