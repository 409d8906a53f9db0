import assert from "node:assert/strict";
import { formatSettings, type LineSettings } from "../../../src/source/serial/line_settings.ts";

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
