import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { FaultGuard } from "../../../src/channel/fault_guard.ts";
import { RawCapture } from "../../../src/channel/raw/raw_capture.ts";
import type { Notice } from "../../../src/platform/notice.ts";
import type { LineSettings } from "../../../src/source/serial/line_settings.ts";
import { FailingRawDisk } from "../../support/failing_raw_disk.ts";
import { HandClock } from "../../support/hand_clock.ts";
import { type RawLine, rawText, readRawText } from "../../support/raw_lines.ts";
import { TemporaryFolder } from "../../support/temporary_folder.ts";
import { waitFor } from "../../support/wait_for.ts";

const channel = "1429010002-A1";
const at9600: LineSettings = {
  baudRate: 9600,
  dataBits: 8,
  parity: "none",
  stopBits: 1,
  flowControl: false,
};

/** A raw capture whose time and disk a test holds in its hand. */
class Bench implements AsyncDisposable {
  readonly #folder = new TemporaryFolder();
  readonly folder = this.#folder.join("raw");
  readonly clock = new HandClock();
  readonly disk = new FailingRawDisk();
  readonly notices: Notice[] = [];
  isBelowFloor = false;
  capture = this.start();

  start(maxBytes = 1_000_000): RawCapture {
    return new RawCapture({
      guard: new FaultGuard(),
      channel,
      device: "/dev/ttyS0",
      folder: this.folder,
      maxBytes,
      isBelowFloor: () => this.isBelowFloor,
      disk: this.disk,
      clock: this.clock,
      report: (notice) => this.notices.push(notice),
    });
  }

  read(text: string): void {
    this.capture.read(Buffer.from(text, "latin1"), this.clock.wallMs());
  }

  /** Lets time pass, and then the disk do what it is asked. */
  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await waitFor("the next pause", () => this.clock.waiting === 1);
  }

  get lines(): RawLine[] {
    return readRawText(rawText(this.folder, channel));
  }

  /** All that is kept of what was read. */
  get bytes(): string {
    return Buffer.concat(this.lines.flatMap(({ bytes }) => bytes ?? [])).toString("latin1");
  }

  get kinds(): string[] {
    return this.notices.map(({ kind }) => kind);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.disk.heal();
    await this.capture.stop();
    this.#folder[Symbol.dispose]();
  }
}

Deno.test("RawCapture writes each read with its time and settings, within a second", async () => {
  await using bench = new Bench();
  bench.capture.opened(at9600);
  await bench.clock.advance(123);
  bench.read("N 044 01\r\n");
  await bench.clock.advance(500);
  assert.equal(rawText(bench.folder, channel), "");
  bench.capture.set({ ...at9600, baudRate: 1200, dataBits: 7, parity: "even", flowControl: true });
  bench.read("\x00\xff\x00A");
  await bench.pass(500);
  assert.equal(
    rawText(bench.folder, channel),
    `1970-01-01 00:00:00.000Z 9600 8N1 opened /dev/ttyS0
1970-01-01 00:00:00.123Z 9600 8N1 "N 044 01\\r\\n"
1970-01-01 00:00:00.623Z 1200 7E1 RTS/CTS set
1970-01-01 00:00:00.623Z 1200 7E1 RTS/CTS "\\x00\\<damaged:41>"
`,
  );
  bench.capture.closed("the device\nis gone");
  await bench.pass(1000);
  assert.equal(bench.lines.at(-1)?.note, "closed: the device\\nis gone");
  assert.deepEqual(bench.notices, []);
});

Deno.test("RawCapture keeps what a read's buffer held, though that is used again", async () => {
  await using bench = new Bench();
  bench.capture.opened(at9600);
  const buffer = Buffer.from("first");
  bench.capture.read(buffer, 0);
  buffer.fill("other");
  await bench.pass(1000);
  assert.equal(bench.bytes, "first");
});

Deno.test("RawCapture writes what waits when it is stopped, and appends at the next start", async () => {
  await using bench = new Bench();
  bench.capture.opened(at9600);
  bench.read("one");
  bench.capture.closed("stop");
  await bench.capture.stop();
  bench.capture = bench.start();
  bench.capture.opened(at9600);
  bench.read("two");
  await bench.capture.stop();
  assert.deepEqual(bench.lines.map(({ note, bytes }) => note || `${bytes}`), [
    "opened /dev/ttyS0",
    "one",
    "closed: stop",
    "opened /dev/ttyS0",
    "two",
  ]);
});

Deno.test("RawCapture: a disk that refuses is told once; later a line says how much is missing, exactly", async () => {
  await using bench = new Bench();
  bench.capture.opened(at9600);
  bench.read("before ");
  await bench.pass(1000);
  bench.disk.refuse();
  let sent = "before ";
  for (let i = 0; i < 600; i++) {
    const text = `${i} `.padEnd(1000, "x");
    bench.read(text);
    sent += text;
    if (i % 60 === 0) await bench.pass(5000);
  }
  assert.deepEqual(bench.kinds, ["raw_capture_stopped"]);
  const [notice] = bench.notices;
  assert.equal(notice?.level, "warning");
  assert.match(
    notice?.message ?? "",
    /^1429010002-A1: raw capture to .*: No space left on device$/,
  );
  assert.match(notice?.hint ?? "", /records are not touched/);
  bench.disk.heal();
  await bench.pass(5000);
  bench.read("after");
  await bench.pass(1000);
  const { lines, bytes } = bench;
  const gap = lines.findIndex(({ note }) => note.startsWith("missing"));
  const [, missing, reads] =
    /^missing (\d+) bytes of (\d+) reads, until 1970-01-01 \d\d:\d\d:\d\d\.\d{3}Z: No space left on device$/
      .exec(lines[gap]?.note ?? "") ?? [];
  assert.equal(bytes.length + Number(missing), sent.length + "after".length);
  assert.equal(Number(missing), 1000 * Number(reads));
  assert.equal(bytes, sent.slice(0, sent.length - Number(missing)) + "after");
  assert.ok(bytes.length > 100_000, `only ${bytes.length} bytes are kept`);
  assert.equal(gap, lines.length - 2);
  assert.deepEqual(bench.kinds, ["raw_capture_stopped", "raw_capture_resumed"]);
  assert.deepEqual(bench.notices[1]?.details, { bytes: Number(missing) });
});

Deno.test("RawCapture: a disk that refuses for a moment costs nothing", async () => {
  await using bench = new Bench();
  bench.capture.opened(at9600);
  bench.disk.refuse();
  bench.read("one ");
  await bench.pass(1000);
  bench.read("two ");
  await bench.pass(5000);
  bench.disk.heal();
  await bench.pass(5000);
  assert.equal(bench.bytes, "one two ");
  assert.deepEqual(bench.lines.map(({ note }) => note).filter((note) => note !== ""), [
    "opened /dev/ttyS0",
  ]);
});

Deno.test("RawCapture: below the floor nothing is written, and the older files make way", async () => {
  await using bench = new Bench();
  await bench.capture.stop();
  bench.capture = bench.start(50_000);
  bench.capture.opened(at9600);
  for (let i = 0; i < 40; i++) bench.read("x".repeat(1000));
  await bench.pass(1000);
  const files = (): number => [...Deno.readDirSync(bench.folder)].length;
  assert.equal(files(), 5);
  bench.isBelowFloor = true;
  const before = bench.bytes;
  bench.read("held");
  await bench.pass(1000);
  for (let i = 0; i < 5; i++) await bench.pass(5000);
  assert.equal(files(), 1);
  assert.ok(!bench.bytes.includes("held"));
  assert.deepEqual(bench.kinds, ["raw_capture_stopped"]);
  assert.match(bench.notices[0]?.message ?? "", /less space is free/);
  bench.isBelowFloor = false;
  await bench.pass(5000);
  assert.ok(before.endsWith(bench.bytes.slice(0, -"held".length)));
  assert.ok(bench.bytes.endsWith("held"));
  assert.deepEqual(bench.kinds, ["raw_capture_stopped", "raw_capture_resumed"]);
});

Deno.test("RawCapture: a disk that hangs holds up neither reads nor a stop, and its memory is bounded", async () => {
  await using bench = new Bench();
  bench.capture.opened(at9600);
  const hang = Promise.withResolvers<void>();
  bench.disk.before = () => hang.promise;
  await bench.clock.advance(1000);
  let sent = 0;
  for (; sent < 10_000_000; sent += 4000) bench.read("x".repeat(4000));
  let isStopped = false;
  const stopping = bench.capture.stop().then(() => isStopped = true);
  await bench.clock.advance(999);
  assert.equal(isStopped, false);
  await bench.clock.advance(1);
  await stopping;
  hang.resolve();
  const gap = (): RawLine | undefined => bench.lines.find(({ note }) => note.startsWith("missing"));
  await waitFor("what is missing", () => gap() !== undefined);
  const missing = Number(/^missing (\d+)/.exec(gap()?.note ?? "")?.[1]);
  assert.equal(bench.bytes.length + missing, sent);
  assert.ok(bench.bytes.length < 300_000);
  assert.match(gap()?.note ?? "", /the disk was too slow$/);
});

Deno.test("RawCapture: much at once is written before the second is over", async () => {
  await using bench = new Bench();
  bench.capture.opened(at9600);
  for (let i = 0; i < 100; i++) {
    bench.read("x".repeat(4000));
    if (i % 20 === 19) await bench.pass(0);
  }
  await waitFor("all of it", () => bench.bytes.length === 400_000);
});
