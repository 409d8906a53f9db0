import assert from "node:assert/strict";
import {
  epochOf,
  type JournalState,
  parseJournalState,
  randomEpoch,
  reasonForNewEpoch,
} from "../../src/journal/journal_state.ts";

const state: JournalState = {
  epochs: [{ firstSequence: 1, epoch: "first" }, { firstSequence: 50, epoch: "second" }],
  activeFirstSequence: 40,
  nextSequence: 60,
  boot: "this boot",
  closed: false,
  opening: false,
  logBytes: 0,
};

const usual = { state, nextSequence: 61, damaged: false, boot: "this boot" };

Deno.test("a kill within one boot needs no new epoch", () => {
  assert.equal(reasonForNewEpoch(usual), null);
  assert.equal(reasonForNewEpoch({ ...usual, nextSequence: 60 }), null);
});

Deno.test("a reboot needs a new epoch, unless the journal was closed before", () => {
  const other = { ...usual, boot: "next boot" };
  assert.equal(reasonForNewEpoch(other), "the machine went down without a stop");
  assert.equal(reasonForNewEpoch({ ...other, state: { ...state, closed: true } }), null);
});

Deno.test("whatever casts a doubt on the numbers needs a new epoch", () => {
  assert.equal(
    reasonForNewEpoch({ ...usual, state: undefined, nextSequence: 1 }),
    "first start",
  );
  assert.equal(reasonForNewEpoch({ ...usual, state: undefined }), "the state is lost");
  assert.equal(reasonForNewEpoch({ ...usual, damaged: true }), "the journal is damaged");
  assert.equal(
    reasonForNewEpoch({ ...usual, state: { ...state, opening: true } }),
    "the opening before this one was broken off",
  );
  for (const closed of [true, false]) {
    assert.equal(
      reasonForNewEpoch({ ...usual, nextSequence: 59, state: { ...state, closed } }),
      "the journal ends before the numbers given out",
    );
  }
});

Deno.test("a sequence belongs to the last epoch that began at or before it", () => {
  assert.deepEqual([1, 49, 50, 1000].map((sequence) => epochOf(state, sequence)), [
    "first",
    "first",
    "second",
    "second",
  ]);
  assert.equal(epochOf(undefined, 1), undefined);
  assert.equal(epochOf({ ...state, epochs: [] }, 1), undefined);
});

Deno.test("a state of another shape is no state", () => {
  assert.deepEqual(parseJournalState(JSON.parse(JSON.stringify(state))), state);
  for (const key of Object.keys(state)) {
    assert.equal(parseJournalState({ ...state, [key]: null }), undefined, key);
  }
  for (const value of [undefined, null, 7, "text", [], {}]) {
    assert.equal(parseJournalState(value), undefined);
  }
});

Deno.test("epochs are 32 hexadecimal digits and differ", () => {
  const epochs = Array.from({ length: 100 }, randomEpoch);
  for (const epoch of epochs) assert.match(epoch, /^[0-9a-f]{32}$/);
  assert.equal(new Set(epochs).size, 100);
});
