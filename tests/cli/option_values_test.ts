import assert from "node:assert/strict";
import { list, named, numberBetween, pace, wholeNumber } from "../../src/cli/option_values.ts";

/** Each text must be refused with a message that says what is allowed, and exit code 2. */
function refuses(read: (text: string) => unknown, texts: readonly string[], message: RegExp): void {
  for (const text of texts) {
    assert.throws(() => read(text), (error) => {
      assert.ok(error instanceof Error && "exitCode" in error, text);
      assert.match(error.message, message);
      assert.equal(error.exitCode, 2);
      return true;
    }, text);
  }
}

Deno.test("whole numbers are read up to the highest", () => {
  assert.equal(wholeNumber(32)("32"), 32);
  refuses(wholeNumber(32), ["0", "33", "1.5", "-1", "", "soon"], /a whole number from 1 to 32$/);
});

Deno.test("numbers may have decimals, a sign and a per cent sign", () => {
  const read = numberBetween(-10, 10);
  assert.deepEqual(["1%", "-1.5", "+0.2%", "10"].map(read), [1, -1.5, 0.2, 10]);
  refuses(read, ["10.1", "-11", "1 %", "ten", ""], /a number from -10 to 10$/);
});

Deno.test("a pace is so many a second, minute or hour, or as many as there can be", () => {
  assert.deepEqual(["2/s", "30/min", "1.5/min", "100/h"].map(pace), [2, 0.5, 0.025, 100 / 3600]);
  assert.equal(pace("back-to-back"), Infinity);
  refuses(
    pace,
    ["30", "30/day", "0/s", "-1/s", "fast", ""],
    /such as 2\/s, 30\/min, .*back-to-back$/,
  );
});

Deno.test("a list takes commas and repeated options", () => {
  const read = list(wholeNumber());
  assert.deepEqual(read("3", read("1, 2")), [1, 2, 3]);
});

Deno.test("what a reader of its own refuses is a wrong value, too; its mistakes are not", () => {
  const known = named((text): string => {
    if (text === "bug") throw new TypeError("a mistake");
    throw new RangeError(`find ${text}: known are a, b`);
  });
  refuses(known, ["c"], /^find c: known are a, b$/);
  assert.throws(() => known("bug"), TypeError);
});
