// Records as they were seen in the field, numbers invented, each through the framing that the
// documentation names for its equipment.

import assert from "node:assert/strict";
import type { FramingConfig } from "../../src/config/framing_schema.ts";
import { framerFor, hasFeedsInside } from "../../src/framer/framer_for.ts";
import { makerNamed } from "../../src/simulate/makers.ts";
import { Random } from "../../src/simulate/random.ts";
import { atStart, framed, framings } from "../support/framed_records.ts";
import { textOf } from "../support/journal_box.ts";
import { configOf, sample, serialPort } from "../config/sample.ts";

/** As a technician writes it, with the defaults that follow. */
function framing(keys: Record<string, unknown>): FramingConfig {
  const [port] = configOf(sample({ ports: [serialPort({ framing: keys })] })).ports;
  assert.ok(port !== undefined);
  return port.framing;
}

interface Sample {
  readonly equipment: string;
  /** By its name among the simulated makers. */
  readonly maker?: string;
  readonly keys: Record<string, unknown>;
  readonly record: string;
}

const samples: readonly Sample[] = [
  {
    equipment: "Toshiba CTX",
    maker: "Toshiba CTX",
    keys: { mode: "continuation" },
    record: "N 044 01     DN4521    T001004   06/14 09:12:44 00:03:21.0 915555550142\r\n" +
      " &5555550142\r\n",
  },
  {
    equipment: "Nortel Meridian",
    maker: "Nortel Meridian",
    keys: { mode: "continuation" },
    record: "N 044 00 T001004 DN4521 06/14 09:12:44 00:03:21.0 915555550142\r\n" +
      "& 5555550142 4521\r\n",
  },
  {
    equipment: "Avaya TELESEER",
    maker: "Avaya TELESEER",
    keys: { mode: "pattern", first_characters: " " },
    record:
      "   091200337  9101     5555550142 4521               1   0012               \r\n\0\0\0",
  },
  {
    equipment: "Norstar/BCM",
    maker: "Norstar/BCM",
    keys: { mode: "pattern", first_characters: "-" },
    record: "-------- 06/14/24 09:12:00 LINE = 0001 STN = 221\r\n" +
      "CALLING NUMBER 5555550142\r\n00:01:35 CALL RELEASED\r\n",
  },
  {
    equipment: "NEC NEAX",
    maker: "NEC NEAX",
    keys: { mode: "stx_etx", check_byte: true },
    record: "\x020!KA0010044521061409124455555501420\x03\x5a",
  },
  {
    equipment: "ALI to CAD",
    keys: { mode: "idle" },
    record: "207\r\n555-555-0142 09:12:44 06142024\r\nEXAMPLE INC\r\n4625 BUSN\r\nMAIN ST\r\n" +
      "ANYTOWN UT\r\nESN 042 TEL UNC Z ZUNC\r\n",
  },
  {
    equipment: "records of one length without line ends",
    keys: { mode: "fixed", length_bytes: 24 },
    record: "061409124400032155555501",
  },
];

for (const { equipment, maker, keys, record } of samples) {
  Deno.test(`${equipment}: one call is one record, read as a whole or byte by byte`, () => {
    const reads = [record, "…", ...record, "…"];
    const found = framed(framerFor(framing(keys), atStart), reads);
    assert.deepEqual(found.map(([text]) => text), [record, record]);
    assert.ok(found.every(([, end]) => end !== null && end !== "idle"), JSON.stringify(found));
  });

  if (maker === undefined) continue;
  Deno.test(`${equipment}: a hundred simulated calls behind each other are a hundred records`, () => {
    const random = new Random(1);
    const calls = Array.from({ length: 100 }, (_, i) => {
      const when = new Date(Date.UTC(2024, 5, 14, 9, 12, i));
      return textOf(makerNamed(maker).record({ random, sequence: i + 1, when }));
    });
    const found = framed(framerFor(framing(keys), atStart), [calls.join(""), "…"]);
    assert.deepEqual(found.map(([text]) => text), calls);
  });
}

const oneLine: readonly [string, string, readonly string[]][] = [
  [
    "Avaya TELESEER",
    "   091200337  9101     5555550142 4521               1   0012               \r\n\0\0\0",
    ["   091200337  9101     5555550142 4521               1   0012               ", "\0\0\0"],
  ],
  ["Mitel SX-200", "-06/14 09:12 00:06:06 T162  *003 241 T 215\r\n", [
    "-06/14 09:12 00:06:06 T162  *003 241 T 215",
  ]],
  ["Aastra PC5", "\f\r\n\t00001 06/14\r\n", ["\f", "\t00001 06/14"]],
];

for (const [equipment, text, records] of oneLine) {
  Deno.test(`${equipment}: a line is a record, without any configuration`, () => {
    const found = framed(framerFor(framing({}), atStart), [text, "…"]);
    assert.deepEqual(found.map(([record]) => record), records);
  });
}

Deno.test("only lines cannot hold a line feed", () => {
  assert.equal(hasFeedsInside(framing({})), false);
  assert.ok(framings.every(hasFeedsInside));
});
