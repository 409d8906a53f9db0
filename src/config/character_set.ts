// A set of characters as a technician writes it: `-`, `& `, `0-9A-Z`. No backslashes to know, and
// nothing in it can take long to look up.

/**
 * The bytes of the characters in `text`; `null` when it says none, says one twice, as who means a
 * word does, or names a NUL or an end of line, which no line begins with.
 */
export function parseCharacters(text: string): ReadonlySet<number> | null {
  const found = new Set<number>();
  for (let at = 0; at < text.length; at++) {
    const from = text.charCodeAt(at);
    if (text[at + 1] === "-" && at + 2 < text.length) at += 2;
    const to = text.charCodeAt(at);
    if (from > to || to > 0xff) return null;
    for (let byte = from; byte <= to; byte++) {
      if (found.has(byte)) return null;
      found.add(byte);
    }
  }
  const isUsable = found.size > 0 && ![0x00, 0x0a, 0x0d].some((byte) => found.has(byte));
  return isUsable ? found : null;
}
