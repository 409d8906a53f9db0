import assert from "node:assert/strict";
import { parseCharacters } from "../../src/config/character_set.ts";

function characters(text: string): string | null {
  const found = parseCharacters(text);
  return found === null ? null : [...found].map((byte) => String.fromCharCode(byte)).join("");
}

Deno.test("characters stand for themselves, with a hyphen between two for all from one to the other", () => {
  assert.equal(characters("& \t"), "& \t");
  assert.equal(characters("0-9"), "0123456789");
  assert.equal(characters("a-cX0-2"), "abcX012");
  assert.equal(characters("a-a"), "a");
  assert.equal(characters("\xfe-\xff"), "\xfe\xff");
});

Deno.test("a hyphen at either end is one", () => {
  assert.equal(characters("-"), "-");
  assert.equal(characters("-a"), "-a");
  assert.equal(characters("a-"), "a-");
});

Deno.test("nothing, a word, a range backwards, and what no line begins with are refused", () => {
  for (const text of ["", "--------", "CALLED", "a-cb", "9-0", "a\n", "\r", "\0", "\0-\x1f", "€"]) {
    assert.equal(parseCharacters(text), null, JSON.stringify(text));
  }
});
