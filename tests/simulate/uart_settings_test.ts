import assert from "node:assert/strict";
import { transfer } from "../../src/simulate/uart.ts";
import {
  describeSettings,
  parseFrame,
  parseSettings,
  usualFrames,
  wholeReceiver,
} from "../../src/simulate/uart_settings.ts";

Deno.test("settings are read as they are written", () => {
  for (const frame of [...usualFrames, "5N1.5", "8E2"]) {
    assert.equal(describeSettings(parseSettings(`19200 ${frame}`)), `19200 ${frame}`);
  }
  assert.deepEqual(parseSettings(" 1200,7e2 "), {
    baud: 1200,
    dataBits: 7,
    parity: "even",
    stopBits: 2,
  });
});

Deno.test("settings that are none are refused, with what is allowed", () => {
  for (const text of ["", "9600", "7E1", "fast 7E1", "49 8N1", "4000001 8N1"]) {
    assert.throws(() => parseSettings(text), /RangeError: give a speed from 50 to 4000000/, text);
  }
  for (const text of ["9N1", "8X1", "8N3", "8N", ""]) {
    assert.throws(() => parseFrame(text), /give a frame such as 8N1, 8N2, 7E1, .*, 7N1$/, text);
  }
});

Deno.test("the receiver for a usual frame reads it whole, and 8N1 is it for all of ten bits", () => {
  const bytes = new TextEncoder().encode("DN4521 555-555-0142\r\n");
  for (const frame of usualFrames) {
    const settings = parseSettings(`9600 ${frame}`);
    const receiver = { settings: { ...settings, ...wholeReceiver(settings) } };
    const got = transfer({ bytes, sender: { settings }, receiver });
    assert.deepEqual(got.map(({ kind, byte }) => kind === "byte" ? byte & 0x7f : kind), [...bytes]);
    assert.equal(
      receiver.settings.dataBits === 8 && receiver.settings.parity === "none",
      !/8E1|8O1|7N1/.test(frame),
    );
  }
});
