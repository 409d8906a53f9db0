import assert from "node:assert/strict";
import { FlowControl } from "../../../src/source/serial/flow_control.ts";

const device = "/dev/ttyS0";

Deno.test("FlowControl: what is configured stays, whatever is lost", () => {
  for (const wanted of [true, false]) {
    const flow = new FlowControl({ device, wanted, remembered: !wanted });
    assert.equal(flow.isUsed, wanted);
    assert.equal(flow.overran(), null);
    assert.equal(flow.isUsed, wanted);
  }
});

Deno.test("FlowControl: else it is used from the first loss on, which is told once, and remembered", () => {
  const flow = new FlowControl({ device, wanted: "detect", remembered: undefined });
  assert.equal(flow.isUsed, false);
  assert.equal(flow.overran()?.kind, "flow_control_used");
  assert.equal(flow.isUsed, true);
  assert.equal(flow.overran(), null);
  assert.equal(new FlowControl({ device, wanted: "detect", remembered: true }).isUsed, true);
});
