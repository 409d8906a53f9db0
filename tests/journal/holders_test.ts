import assert from "node:assert/strict";
import { Holders, type Progress } from "../../src/journal/holders.ts";

const segment = { firstSequence: 11, lastSequence: 20 };

Deno.test("without holders nothing is needed", () => {
  const holders = new Holders([]);
  assert.equal(holders.releasedSequence, Infinity);
  assert.equal(holders.passedSequence, Infinity);
  assert.equal(holders.isUnderWay(segment), false);
});

Deno.test("the slowest holder counts", () => {
  const holders = new Holders(["here", "there"]);
  holders.release("here", 9);
  assert.equal(holders.releasedSequence, 0, "the other has said nothing yet");
  holders.release("there", 5);
  assert.equal(holders.releasedSequence, 5);
  assert.equal(holders.passedSequence, 5);
  holders.follow("there", () => ({ passed: 12, taken: 12 }));
  assert.equal(holders.passedSequence, 9);
  assert.equal(holders.releasedSequence, 5, "it would not know so after a crash");
});

Deno.test("a holder that is followed is asked anew each time, and may go back", () => {
  const holders = new Holders(["sink"]);
  let progress: Progress = { passed: 7, taken: 7 };
  holders.follow("sink", () => progress);
  holders.release("sink", 7);
  assert.equal(holders.passedSequence, 7);
  progress = { passed: 3, taken: 3 };
  assert.equal(holders.passedSequence, 3);
});

Deno.test("a segment is under way while one of its records is taken and not passed", () => {
  const holders = new Holders(["here", "there"]);
  const at = (passed: number, taken: number): boolean => {
    holders.follow("there", () => ({ passed, taken }));
    return holders.isUnderWay(segment);
  };
  assert.equal(at(5, 10), false, "not reached");
  assert.equal(at(5, 11), true);
  assert.equal(at(15, 15), false, "half of it is passed, and none of the rest taken");
  assert.equal(at(15, 16), true);
  assert.equal(at(19, 30), true);
  assert.equal(at(20, 30), false, "passed");
  assert.equal(at(0, 0), false);
});
