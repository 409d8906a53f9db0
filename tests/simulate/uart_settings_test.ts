import assert from "node:assert/strict";
import { transfer } from "../../src/simulate/uart.ts";
import {
  describeSettings,
  parseUartSettings,
  wholeReceiver,
} from "../../src/simulate/uart_settings.ts";
import { usualFrames } from "../../src/source/serial/line_settings.ts";

Deno.test("a UART's settings are read as they are written", () => {
  assert.equal(describeSettings(parseUartSettings("19200 7E1")), "19200 7E1");
});

Deno.test("the receiver for a usual frame reads it whole, and 8N1 is it for all of ten bits", () => {
  const bytes = new TextEncoder().encode("DN4521 555-555-0142\r\n");
  for (const frame of usualFrames) {
    const settings = parseUartSettings(`9600 ${frame}`);
    const receiver = { settings: { ...settings, ...wholeReceiver(settings) } };
    const got = transfer({ bytes, sender: { settings }, receiver });
    assert.deepEqual(got.map(({ kind, byte }) => kind === "byte" ? byte & 0x7f : kind), [...bytes]);
    assert.equal(
      receiver.settings.dataBits === 8 && receiver.settings.parity === "none",
      !/8E1|8O1|7N1/.test(frame),
    );
  }
});
