// Whether the raw bytes of a serial port are kept, and how much room they get.

import * as z from "zod";
import { numberOr } from "./field.ts";

const megabytes = { min: 1, max: 1_000_000, unit: "MB" };
/** Weeks of what an ordinary line sends. */
const usualMb = 100;
const mustBe = `must be true, false or { "max_mb": ${usualMb} }`;

/** `raw_capture` of a serial port; `undefined` when it is off. */
export const rawCaptureSchema = z.union([
  z.boolean(),
  z.strictObject({
    max_mb: numberOr(usualMb, megabytes, "Room for the raw files of this port, in MB"),
  }),
], { error: mustBe })
  .meta({
    description: "Whether every byte is kept as it was received, beside the records",
    default: false,
  })
  .transform((found): { readonly max_mb: number } | undefined => {
    if (typeof found !== "boolean") return found;
    return found ? { max_mb: usualMb } : undefined;
  })
  .optional();

/** Of another type of port: such bytes have no marks and no settings of a receiver. */
export const noRawCapture = z.literal(false, {
  error: 'cannot be used here: it belongs to a port of type "serial"',
}).describe("Belongs to a port of type serial").transform((): undefined => undefined).optional();
