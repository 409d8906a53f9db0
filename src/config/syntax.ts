// From the text of a file to a value and the places of its parts: JSON with comments and trailing
// commas. Knows nothing of what the keys mean.

import {
  createScanner,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";

/** What a file says, and where it says it. */
export interface Document {
  readonly value: unknown;
  readonly root: Node;
}

/** Something that is wrong at an offset of the text. */
export interface Misprint {
  readonly offset: number;
  readonly message: string;
  /** Offset of the other place that the message is about. */
  readonly see?: number;
}

export type Parsed =
  | { readonly ok: true; readonly document: Document; readonly repeated: readonly Misprint[] }
  | { readonly ok: false; readonly misprints: readonly Misprint[] };

/** The parser is recursive; no real file comes near this. */
const maxDepth = 64;
/** Of jsonc-parser's SyntaxKind, which is a const enum and not there when the program runs. */
const token = { openBrace: 1, closeBrace: 2, openBracket: 3, closeBracket: 4, end: 17 };
/** One slip can look like many to the parser. */
const maxMisprints = 10;

/** Keys that begin so are comments, at any depth. */
export function isComment(key: string): boolean {
  return key.startsWith("_");
}

export function parseText(text: string): Parsed {
  const brackets = matchBrackets(text);
  if (brackets.tooDeep !== undefined) {
    const message = `nested too deep: more than ${maxDepth} brackets are open here`;
    return { ok: false, misprints: [{ offset: brackets.tooDeep, message }] };
  }
  if (brackets.empty) {
    return { ok: false, misprints: [{ offset: 0, message: "the file is empty: nothing to run" }] };
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  if (errors.length > 0 || root === undefined) {
    return { ok: false, misprints: misprints(text, errors, brackets.open) };
  }
  return { ok: true, document: { root, value: valueOf(root) }, repeated: repeatedKeys(root) };
}

interface Brackets {
  readonly empty: boolean;
  /** Offset of the innermost bracket that is never closed. */
  readonly open: number | undefined;
  readonly tooDeep: number | undefined;
}

function matchBrackets(text: string): Brackets {
  const scanner = createScanner(text, true);
  const open: number[] = [];
  let empty = true;
  for (let kind: number = scanner.scan(); kind !== token.end; kind = scanner.scan()) {
    empty = false;
    if (kind === token.openBrace || kind === token.openBracket) open.push(scanner.getTokenOffset());
    else if (kind === token.closeBrace || kind === token.closeBracket) open.pop();
    if (open.length > maxDepth) return { empty, open: undefined, tooDeep: open.at(-1) };
  }
  return { empty, open: open.at(-1), tooDeep: undefined };
}

/** The first error of each line: those behind it are mostly its consequences. */
function misprints(text: string, errors: ParseError[], open: number | undefined): Misprint[] {
  const found: Misprint[] = [];
  let last: number | undefined;
  for (const { error, offset, length } of errors) {
    const sameLine = last !== undefined && !/[\r\n]/.test(text.slice(last, offset));
    if (sameLine || found.length === maxMisprints) continue;
    last = offset;
    const word = text.slice(offset, offset + length);
    const message = friendly(printParseErrorCode(error), word);
    const atEnd = offset >= text.trimEnd().length;
    if (atEnd && open !== undefined) {
      found.push({ offset, message: "the file ends, but a bracket is still open", see: open });
    } else found.push({ offset, message });
  }
  return found;
}

function friendly(code: string, word: string): string {
  switch (code) {
    case "CommaExpected":
      return "a comma is missing before this";
    case "ColonExpected":
      return "a colon is missing between the key and its value";
    case "PropertyNameExpected":
      return "a key in double quotes is expected here";
    case "ValueExpected":
      return "a value is missing here";
    case "CloseBraceExpected":
      return "a closing } is missing here";
    case "CloseBracketExpected":
      return "a closing ] is missing here";
    case "EndOfFileExpected":
      return "nothing may follow the last closing bracket";
    case "UnexpectedEndOfComment":
      return "this comment is not closed: */ is missing";
    case "UnexpectedEndOfString":
      return "this text is not closed: the double quote at its end is missing";
    case "UnexpectedEndOfNumber":
    case "InvalidNumberFormat":
      return "this is not a number";
    case "InvalidUnicode":
    case "InvalidEscapeCharacter":
      return "a backslash has a meaning of its own in a text: write \\\\ for one";
    case "InvalidCharacter":
      return "a control character (a tab, say) cannot stand in a text";
    default:
      return word.startsWith("'")
        ? "texts and keys stand in double quotes, not single ones"
        : "this is neither a text in double quotes, a number, true nor false";
  }
}

function repeatedKeys(node: Node): Misprint[] {
  const found: Misprint[] = [];
  const seen = new Map<string, number>();
  for (const child of node.children ?? []) {
    const [key, value] = node.type === "object" ? child.children ?? [] : [undefined, child];
    if (key !== undefined) {
      const name = String(key.value);
      if (isComment(name)) continue;
      const first = seen.get(name);
      if (first === undefined) seen.set(name, key.offset);
      else {
        const message = `${JSON.stringify(name)} is given twice in the same place`;
        found.push({ offset: key.offset, message, see: first });
      }
    }
    if (value !== undefined) found.push(...repeatedKeys(value));
  }
  return found;
}

/**
 * The node's value without comments. An empty text and `null` become `undefined`: the original
 * service wrote and read them as "not set". Of a key that is given twice the first counts, so that
 * messages point at the value that they speak of.
 */
function valueOf(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(valueOf);
  if (node.type !== "object") return node.value;
  const object: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    if (isComment(name) || Object.hasOwn(object, name)) continue;
    const found = valueOf(value);
    object[name] = found === "" || found === null ? undefined : found;
  }
  return object;
}
