import assert from "node:assert/strict";
import fc from "fast-check";
import type { Notice } from "../../../src/platform/notice.ts";
import { decodeCounters, type LineCounters } from "../../../src/source/serial/line_counters.ts";
import {
  decodeModemLines,
  type ModemLines,
  unknownLines,
} from "../../../src/source/serial/modem_lines.ts";
import { type SignalReading, SignalWatch } from "../../../src/source/serial/signal_watch.ts";

const [CTS, DCD, RI, DSR] = [0x20, 0x40, 0x80, 0x100];
const noCounts = decodeCounters(new Uint8Array(80));

/** A watch that is fed every half second. */
class Fed {
  readonly watch = new SignalWatch({ device: "ttyS0" });
  #nowMs = 5000;

  /** Feeds the same `times` over, and returns all that was told. */
  push(lines: number | ModemLines, times = 1, rest: Partial<SignalReading> = {}): Notice[] {
    return Array.from({ length: times }).flatMap(() => {
      this.#nowMs += 500;
      return this.watch.push({
        monotonicMs: this.#nowMs,
        lines: typeof lines === "number" ? decodeModemLines(lines) : lines,
        counters: null,
        goodCharacters: 0,
        badCharacters: 0,
        ...rest,
      });
    });
  }
}

function kinds(notices: readonly Notice[]): string[] {
  return notices.map(({ kind }) => kind);
}

Deno.test("all lines that were on going off together is a lost signal, told once", () => {
  const fed = new Fed();
  assert.deepEqual(fed.push(CTS | DSR, 10), []);
  assert.equal(fed.watch.state, "signal");
  const notices = fed.push(0, 10);
  assert.deepEqual(kinds(notices), ["signal_lost"]);
  assert.equal(notices[0]?.level, "warning");
  assert.equal(notices[0]?.message, "ttyS0: signal lost: CTS, DSR went off");
  assert.match(notices[0]?.hint ?? "", /cable is plugged in/);
  assert.equal(fed.watch.state, "no_signal");
});

Deno.test("equipment that is quiet keeps its lines up, and nothing is told", () => {
  const fed = new Fed();
  assert.deepEqual(fed.push(DSR, 7200), []);
  assert.equal(fed.watch.state, "signal");
});

Deno.test("the signal is back when a line is on again, and can be lost again", () => {
  const fed = new Fed();
  fed.push(CTS | DSR | DCD, 3);
  fed.push(0, 3);
  const [back, ...more] = fed.push(DSR, 10);
  assert.deepEqual(more, []);
  assert.equal(back?.kind, "signal_detected");
  assert.equal(back?.message, "ttyS0: signal detected: DSR on");
  assert.equal(fed.watch.state, "signal");
  assert.equal(fed.push(0, 3)[0]?.message, "ttyS0: signal lost: DSR went off");
});

Deno.test("a single line that changes is told as that, the signal stays", () => {
  const fed = new Fed();
  fed.push(CTS | DSR, 2);
  const notices = [...fed.push(DSR, 3), ...fed.push(DSR | DCD, 3), ...fed.push(DSR | DCD | RI, 3)];
  assert.deepEqual(notices.map(({ message }) => message), [
    "ttyS0: CTS went off",
    "ttyS0: DCD went on",
    "ttyS0: RI went on",
  ]);
  assert.deepEqual(notices[1]?.details, { line: "dcd", level: "on" });
  assert.equal(fed.watch.state, "signal");
});

Deno.test("RI neither makes nor keeps a signal, and is told beside it", () => {
  const fed = new Fed();
  fed.push(RI, 3);
  assert.equal(fed.watch.state, "unknown");
  assert.deepEqual(kinds(fed.push(DSR, 3)), ["signal_detected", "line_changed"]);
  assert.deepEqual(kinds(fed.push(RI, 3)), ["signal_lost", "line_changed"]);
  assert.deepEqual(kinds(fed.push(DSR, 3)), ["signal_detected", "line_changed"]);
});

Deno.test("a cable with the data lines only is never said to be pulled", () => {
  const fed = new Fed();
  assert.deepEqual(fed.push(0, 100), []);
  assert.equal(fed.watch.state, "unknown");
  assert.deepEqual(kinds(fed.push(DSR, 3)), ["signal_detected"]);
});

Deno.test("lines that a driver lacks are unknown, whatever comes", () => {
  const fed = new Fed();
  assert.deepEqual(fed.push(unknownLines, 50, { goodCharacters: 100 }), []);
  assert.equal(fed.watch.state, "unknown");
});

Deno.test("lines that are unknown for a while, the device being gone, are where they were", () => {
  const fed = new Fed();
  fed.push(DSR, 2);
  assert.deepEqual(fed.push(unknownLines, 50), []);
  assert.equal(fed.watch.state, "signal");
  assert.deepEqual(fed.push(DSR, 5), []);
  // Characters of a time in which the lines could not be read prove nothing.
  fed.push(unknownLines, 5, { goodCharacters: 100 });
  assert.deepEqual(kinds(fed.push(0, 5)), ["signal_lost"]);
});

Deno.test("a line that flickers within a second is no alarm, however long it goes on", () => {
  const lines = fc.array(fc.constantFrom(0, CTS, DSR, CTS | DSR), { maxLength: 30 });
  fc.assert(fc.property(lines, (flicker) => {
    const fed = new Fed();
    fed.push(CTS | DSR);
    // Never two readings a second apart without the steady level in between.
    for (const bits of flicker) {
      assert.deepEqual([...fed.push(bits, 2), ...fed.push(CTS | DSR)], []);
    }
  }));
});

Deno.test("a line that moved between the readings, as its driver counts, is not steady", () => {
  const fed = new Fed();
  fed.push(DSR, 1, { counters: noCounts });
  const count = (dsr: number): Partial<SignalReading> => ({ counters: { ...noCounts, dsr } });
  for (let dsr = 1; dsr < 20; dsr += 2) assert.deepEqual(fed.push(0, 1, count(dsr)), []);
  assert.deepEqual(fed.push(0, 1, count(19)), []);
  assert.deepEqual(kinds(fed.push(0, 1, count(19))), ["signal_lost"]);
});

Deno.test("equipment that drops its lines and goes on sending has not gone", () => {
  const fed = new Fed();
  fed.push(CTS | DSR, 4, { goodCharacters: 100 });
  assert.deepEqual(kinds(fed.push(0, 4, { goodCharacters: 100 })), [
    "line_changed",
    "line_changed",
  ]);
  assert.equal(fed.watch.state, "unknown");
  assert.deepEqual(fed.push(0, 100), []);
});

Deno.test("what was read up to the moment of the fall does not keep the signal", () => {
  const fed = new Fed();
  fed.push(DSR, 4, { goodCharacters: 100 });
  const notices = [...fed.push(0, 1, { goodCharacters: 100 }), ...fed.push(0, 5)];
  assert.deepEqual(kinds(notices), ["signal_lost"]);
});

Deno.test("the noise of an open cable is no sender, whole characters are one", () => {
  const fed = new Fed();
  fed.push(DSR, 2);
  fed.push(0, 5, { goodCharacters: 3, badCharacters: 2 });
  assert.deepEqual(fed.push(0, 100, { goodCharacters: 3, badCharacters: 1 }), []);
  assert.equal(fed.watch.state, "no_signal");
  const notices = fed.push(0, 10, { goodCharacters: 4 });
  assert.deepEqual(notices.map(({ message }) => message), [
    "ttyS0: signal detected: characters arrive, with all lines off",
  ]);
  assert.equal(fed.watch.state, "unknown");
});

Deno.test("overruns are errors, told at once, and then summed up for a minute", () => {
  const fed = new Fed();
  const count = (overrun: number, bufferOverrun = 0): Partial<SignalReading> => ({
    counters: { ...noCounts, overrun, bufferOverrun },
  });
  assert.deepEqual(fed.push(DSR, 1, count(1000)), [], "what was counted before is no news");
  const [first] = fed.push(DSR, 1, count(1003));
  assert.equal(first?.level, "error");
  assert.equal(first?.message, "ttyS0: characters were lost: 3 overrun");
  assert.deepEqual(first?.details, { overrun: 3, bufferOverrun: 0 });
  assert.deepEqual(fed.push(DSR, 1, count(1004, 1)), []);
  assert.deepEqual(fed.push(DSR, 118, count(1005, 1)), []);
  const [later] = fed.push(DSR, 1, count(1005, 1));
  assert.equal(later?.message, "ttyS0: characters were lost: 2 overrun, 1 buffer overrun");
  assert.deepEqual(fed.push(DSR, 200, count(1005, 1)), []);
});

Deno.test("damaged characters and breaks are a warning, told apart from overruns", () => {
  const fed = new Fed();
  fed.push(DSR, 1, { counters: noCounts });
  const counters = { ...noCounts, framing: 5, parity: 2, breaks: 1, overrun: 1 };
  const notices = fed.push(DSR, 1, { counters });
  assert.deepEqual(notices.map(({ level, kind }) => [level, kind]), [
    ["error", "overrun"],
    ["warning", "line_errors"],
  ]);
  assert.equal(
    notices[1]?.message,
    "ttyS0: errors on the line: 5 framing, 2 parity, 1 break",
  );
});

Deno.test("an adapter that is plugged in anew counts from 0, and all of that is new", () => {
  const fed = new Fed();
  const count = (received: number, overrun: number): Partial<SignalReading> => ({
    counters: { ...noCounts, received, overrun },
  });
  fed.push(DSR, 1, count(5000, 9));
  fed.push(unknownLines, 3);
  const [notice] = fed.push(DSR, 1, count(300, 2));
  assert.deepEqual(notice?.details, { overrun: 2, bufferOverrun: 0 });
});

/** Any second of a port's life. */
const anyReading = fc.record({
  lines: fc.oneof(
    fc.integer({ min: 0, max: 15 }).map((each) => decodeModemLines(each << 5)),
    fc.constant(unknownLines),
  ),
  times: fc.integer({ min: 1, max: 4 }),
  overruns: fc.constantFrom(0, 0, 0, 1, 7),
  goodCharacters: fc.constantFrom(0, 5, 50),
  badCharacters: fc.constantFrom(0, 0, 1),
});

Deno.test("whatever a port does, lost and detected take turns, and say what the state is", () => {
  fc.assert(fc.property(fc.array(anyReading, { maxLength: 60 }), (readings) => {
    const fed = new Fed();
    let last = fed.watch.state;
    for (const { lines, times, ...rest } of readings) {
      for (let time = 0; time < times; time++) {
        const told = kinds(fed.push(lines, 1, rest)).filter((kind) => kind.startsWith("signal"));
        const { state } = fed.watch;
        assert.ok(told.length <= 1);
        assert.equal(told[0] === "signal_lost", state === "no_signal" && last !== "no_signal");
        if (told[0] === "signal_lost") assert.equal(last, "signal");
        if (last === "no_signal" && state !== "no_signal") {
          assert.deepEqual(told, ["signal_detected"]);
        }
        last = state;
      }
    }
  }));
});

Deno.test("every overrun is told in the end, and no more", () => {
  fc.assert(fc.property(fc.array(anyReading, { maxLength: 60 }), (readings) => {
    const fed = new Fed();
    let overrun = 2 ** 32 - 20;
    const start = overrun;
    const counters = (): LineCounters => ({ ...noCounts, overrun: overrun % 2 ** 32 });
    const notices = fed.push(0, 1, { counters: counters() });
    for (const { lines, overruns } of readings) {
      overrun += overruns;
      notices.push(...fed.push(lines, 1, { counters: counters() }));
    }
    notices.push(...fed.push(0, 121, { counters: counters() }));
    const told = notices.filter(({ kind }) => kind === "overrun")
      .map(({ details }) => Number(details?.["overrun"]));
    assert.equal(told.reduce((sum, each) => sum + each, 0), overrun - start);
  }));
});
