// A source on a real pseudo-terminal with a raw capture beside it: whatever the kernel hands over is
// in the raw files, read by read, with the settings that the receiver had.

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FaultGuard } from "../../../src/channel/fault_guard.ts";
import { RawCapture } from "../../../src/channel/raw/raw_capture.ts";
import { systemRawDisk } from "../../../src/channel/raw/raw_disk.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { Libc } from "../../../src/platform/libc.ts";
import type { Run, SourceRead } from "../../../src/source/source.ts";
import { Line } from "../../../src/simulate/line.ts";
import { PseudoTerminal } from "../../../src/simulate/pseudo_terminal.ts";
import { formatSettings } from "../../../src/source/serial/line_settings.ts";
import { decodeReceiver } from "../../../src/source/serial/receiver_code.ts";
import { SerialSource } from "../../../src/source/serial/serial_source.ts";
import { sentFramings } from "../../support/detection_windows.ts";
import { type RawLine, rawText, readRawText } from "../../support/raw_lines.ts";
import { RecordingHandler } from "../../support/recording_handler.ts";
import { hopelessBackoff, newLoop } from "../../support/serial_reading.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

const channel = "1429010002-A1";

interface Seen {
  readonly settings: string;
  readonly timeMs: number;
  readonly bytes: Buffer;
}

/** A port that finds its settings, and what its reads were. */
class Bench implements AsyncDisposable {
  readonly #folder = new TemporaryFolder();
  readonly folder = this.#folder.join("raw");
  readonly libc = new Libc();
  readonly terminal = new PseudoTerminal({ libc: this.libc, link: this.#folder.join("ttyTest") });
  readonly #loop = newLoop(this.libc);
  readonly handler = new RecordingHandler();
  readonly seen: Seen[] = [];
  readonly #capture = new RawCapture({
    guard: new FaultGuard(),
    channel,
    device: this.#folder.join("ttyTest"),
    folder: this.folder,
    maxBytes: 10_000_000,
    isBelowFloor: () => false,
    disk: systemRawDisk,
    clock: systemClock,
    report: () => {},
  });
  readonly #source = new SerialSource({
    device: this.#folder.join("ttyTest"),
    wanted: { baudRate: "detect", frame: "detect", flowControl: "detect" },
    remembered: undefined,
    detection: { baudRates: [9600, 19200, 4800, 1200], minBytes: 50 },
    backoff: hopelessBackoff,
    tap: this.#capture,
    libc: this.libc,
    loop: this.#loop,
    clock: systemClock,
    report: () => {},
  });

  constructor() {
    this.handler.decode = (read) => this.#decode(read);
    this.#source.start(this.handler);
  }

  async stop(): Promise<RawLine[]> {
    await this.#source.stop();
    await this.#capture.stop();
    return readRawText(rawText(this.folder, channel));
  }

  #decode({ bytes, timeMs }: SourceRead): Run[] {
    const { setting } = this.#source;
    const receiver = decodeReceiver(setting);
    assert.ok(receiver !== null);
    const settings = formatSettings({ ...receiver, flowControl: false });
    this.seen.push({ settings, timeMs, bytes: Buffer.from(bytes) });
    return this.#source.decode({ bytes, timeMs, setting });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.#loop.stop();
    this.terminal[Symbol.dispose]();
    this.libc[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("every read is in the raw files as the kernel handed it over, through a change of settings", async () => {
  await using bench = new Bench();
  await waitFor("the port", () => bench.handler.count("detecting") === 1);
  const frame = sentFramings["8N1"];
  assert.ok(frame !== undefined);
  for (const baud of [9600, 4800]) {
    const line = new Line({ terminal: bench.terminal, settings: { baud, ...frame }, paced: true });
    // Whatever it takes the line for, in the end it reads it at that speed.
    const isFollowed = (): boolean => bench.seen.at(-1)?.settings.startsWith(`${baud} `) ?? false;
    for (let call = 0; call < 3 || !isFollowed(); call++) {
      assert.ok(call < 60, bench.handler.events.join("\n"));
      const text =
        `N 0${call} 01     DN4521    T001004   06/14 09:12 00:03:21 9155555501${call}\r\n`;
      await line.send(new TextEncoder().encode(text));
      await line.idle(20);
    }
  }
  await bench.terminal.writeMarked(Uint8Array.of(0xff, 0, 0x41, 0xff, 0, 0, 0xff, 0xff, 0xff));
  await waitFor("the marks", () => bench.seen.at(-1)?.bytes.at(-1) === 0xff);
  bench.terminal.unplug();
  await waitFor("the hang-up", () => bench.handler.count("closed") === 1);
  const lines = await bench.stop();
  const reads = lines.flatMap(({ timeMs, settings, bytes }) =>
    bytes === null ? [] : [{ timeMs, settings, bytes }]
  );
  assert.deepEqual(reads, bench.seen);
  const last = lines.at(-1);
  assert.equal(last?.note, "closed: the device is gone");
  assert.match(lines[0]?.note ?? "", /^opened \/.*ttyTest$/);
  // Each change of settings is a line, and where it stands the reads change theirs.
  const changes = lines.filter(({ note }) => note === "set").map(({ settings }) => settings);
  assert.ok(changes.some((settings) => settings.startsWith("4800 ")), changes.join("\n"));
  for (const [i, { settings, note }] of lines.entries()) {
    if (i > 0 && note === "") assert.equal(settings, lines[i - 1]?.settings);
  }
  const text = rawText(bench.folder, channel);
  assert.ok(text.includes("\\<damaged:41>\\<break>\\xFF\\<mark:FF>"), text.slice(-300));
  assert.ok(
    Buffer.concat(reads.map(({ bytes }) => bytes)).includes("N 00 01     DN4521    T001004"),
  );
});

Deno.test("what a port with a raw capture hands on is what one without hands on", async () => {
  await using bench = new Bench();
  await waitFor("the port", () => bench.handler.count("detecting") === 1);
  const call = new TextEncoder().encode(
    "N 044 01     DN4521    T001004   06/14 09:12:44 00:03:21.0 9155555501\r\n",
  );
  for (let i = 0; i < 50; i++) await bench.terminal.write(call);
  await waitFor("all of it", () => bench.handler.received.length === 50 * call.length);
  const lines = await bench.stop();
  const all = Buffer.concat(lines.flatMap(({ bytes }) => bytes ?? []));
  assert.ok(all.equals(bench.handler.received));
  assert.equal(lines.at(-1)?.note, "closed: stop");
});
