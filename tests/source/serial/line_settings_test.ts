import assert from "node:assert/strict";
import {
  formatSettings,
  type LineSettings,
  parseFrame,
  parseSettings,
  parseSpeed,
  usualFrames,
} from "../../../src/source/serial/line_settings.ts";

const settings: LineSettings = {
  baudRate: 1200,
  dataBits: 8,
  parity: "none",
  stopBits: 2,
  flowControl: true,
};

Deno.test("formatSettings() writes settings as technicians do", () => {
  assert.equal(formatSettings({ ...settings, flowControl: false }), "1200 8N2");
  assert.equal(formatSettings(settings), "1200 8N2 RTS/CTS");
  const letters = (["none", "odd", "even", "mark", "space"] as const).map((parity) =>
    formatSettings({ ...settings, parity, flowControl: false, stopBits: 1.5, dataBits: 5 })
  );
  assert.deepEqual(letters, ["1200 5N1.5", "1200 5O1.5", "1200 5E1.5", "1200 5M1.5", "1200 5S1.5"]);
});

Deno.test("settings are read as they are written", () => {
  for (const frame of [...usualFrames, "5N1.5", "8E2"]) {
    const read = { ...parseSettings(`19200 ${frame}`), flowControl: false };
    assert.equal(formatSettings(read), `19200 ${frame}`);
  }
  assert.deepEqual(parseSettings(" 1200,7e2 "), {
    baudRate: 1200,
    dataBits: 7,
    parity: "even",
    stopBits: 2,
  });
});

Deno.test("settings that are none are refused, with what is allowed", () => {
  for (const text of ["", "9600", "7E1", "fast 7E1"]) {
    assert.throws(() => parseSettings(text), /RangeError: .*a frame, such as "9600 7E1"$/, text);
  }
  for (const text of ["49", "4000001", "96e2", "-300", ""]) {
    assert.throws(() => parseSpeed(text), /RangeError: give a speed from 50 to 4000000$/, text);
  }
  assert.throws(() => parseSettings("49 8N1"), /a speed from 50 to 4000000$/);
  for (const text of ["9N1", "8X1", "8N3", "8N", ""]) {
    assert.throws(() => parseFrame(text), /give a frame such as 8N1, 8N2, 7E1, .*, 7N1$/, text);
  }
});
