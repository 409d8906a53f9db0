// A collector with faults planted in its code, which bear fruit as
// long as files of their names stand in the runtime folder. `{channel}.fault`: whatever that channel
// reads breaks it, and so does every attempt to open it again. `stray`: once, a promise that nobody
// waits for is rejected, and a timer throws.

import { LineFramer } from "../../src/framer/line_framer.ts";
import { Journal } from "../../src/journal/journal.ts";

const folder = Deno.env.get("RUNTIME_DIRECTORY") ?? "";

function isThere(name: string): boolean {
  try {
    Deno.statSync(`${folder}/${name}`);
    return true;
  } catch {
    return false;
  }
}

const { push } = LineFramer.prototype;
const { open } = Journal;

/** `1429010002-A1.fault` breaks what begins with `0-`, the records of port 0. */
function breaks(bytes: Uint8Array): boolean {
  const port = bytes[0] === undefined ? -1 : bytes[0] - "0".charCodeAt(0);
  return bytes[1] === "-".charCodeAt(0) && isThere(`1429010002-A${port + 1}.fault`);
}

LineFramer.prototype.push = function (bytes) {
  if (breaks(bytes)) throw new TypeError("planted in the framer");
  return push.call(this, bytes);
};

Journal.open = (options) =>
  isThere(`${options.name}.fault`)
    ? Promise.reject(new TypeError("planted in the opening"))
    : open.call(Journal, options);

const looking = setInterval(() => {
  if (!isThere("stray")) return;
  Deno.removeSync(`${folder}/stray`);
  void Promise.reject(new RangeError("planted in a promise"));
  setTimeout(() => {
    throw new RangeError("planted in a timer");
  });
}, 20);
Deno.unrefTimer(looking);

await import("../../src/main.ts");
