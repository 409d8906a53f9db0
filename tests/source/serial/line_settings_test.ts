import assert from "node:assert/strict";
import {
  formatSettings,
  type LineSettings,
  startingSettings,
  type WantedSettings,
} from "../../../src/source/serial/line_settings.ts";

const wanted: WantedSettings = {
  baudRate: "detect",
  dataBits: 7,
  parity: "even",
  stopBits: 1,
  flowControl: "detect",
};
const remembered: LineSettings = {
  baudRate: 1200,
  dataBits: 8,
  parity: "none",
  stopBits: 2,
  flowControl: true,
};

Deno.test("formatSettings() writes settings as technicians do", () => {
  assert.equal(formatSettings({ ...remembered, flowControl: false }), "1200 8N2");
  assert.equal(formatSettings(remembered), "1200 8N2 RTS/CTS");
  const letters = (["none", "odd", "even", "mark", "space"] as const).map((parity) =>
    formatSettings({ ...remembered, parity, flowControl: false, stopBits: 1.5, dataBits: 5 })
  );
  assert.deepEqual(letters, ["1200 5N1.5", "1200 5O1.5", "1200 5E1.5", "1200 5M1.5", "1200 5S1.5"]);
});

Deno.test("startingSettings() is 9600 without flow control when nothing is known", () => {
  assert.deepEqual(startingSettings(wanted, undefined), {
    ...wanted,
    baudRate: 9600,
    flowControl: false,
  });
});

Deno.test("startingSettings() takes from the last time only what the configuration leaves open", () => {
  assert.deepEqual(startingSettings(wanted, remembered), {
    ...wanted,
    baudRate: 1200,
    flowControl: true,
  });
  assert.deepEqual(
    startingSettings({ ...wanted, baudRate: 19_200, flowControl: false }, remembered),
    { ...wanted, baudRate: 19_200, flowControl: false },
  );
});
