// The text of a configuration file: from an offset to line, column and the line itself. What it
// hands out has its secrets starred out, because problems end up in journals and on screens.

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** The whole line, without its end. */
  readonly text: string;
}

/** Keys that hold a secret, misspelt ones and comments too; not those that name a file with one. */
const secretKey = `(?![\\w-]*_file)[\\w-]*(?:pas+w|pwd|secret|token)[\\w-]*`;
const quotedKey = `"${secretKey}"\\s*(?::\\s*|(?="))`;
const bareKey = `(?<![\\w"-])'?${secretKey}'?\\s*[:=]\\s*`;
const quotedValue = `"(?:[^"\\\\\\r\\n]|\\\\.)*"?`;
const bareValue = `[-+.\\w]+(?=\\s*(?:[,}]|$))`;
/** The key as group 1; as group 2 its value or, where none can be made out, the rest of the line. */
const secretPair = new RegExp(`(${quotedKey}|${bareKey})(${quotedValue}|${bareValue}|.*)`, "gim");
/** User and password of a URL, up to the last @ of the string. */
const userOfUrl = /(:\/\/)([^"\s]*)(?=@)/g;

export class SourceText {
  readonly #masked: string;
  readonly #lineStarts: number[] = [0];

  constructor(text: string) {
    this.#masked = withoutSecrets(text);
    for (const end of text.matchAll(/\r\n|\n|\r/g)) {
      this.#lineStarts.push(end.index + end[0].length);
    }
  }

  /** Where the character at `offset` stands; an offset behind the end gives the end. */
  at(offset: number): Place {
    const within = Math.min(offset, this.#masked.length);
    let line = this.#lineStarts.findIndex((start) => start > within);
    if (line === -1) line = this.#lineStarts.length;
    const start = this.#lineStarts[line - 1] ?? 0;
    const text = /^[^\r\n]*/.exec(this.#masked.slice(start, this.#lineStarts[line]))?.[0] ?? "";
    return { line, column: within - start + 1, text };
  }

  /** A part of the text. */
  slice(offset: number, length: number): string {
    return this.#masked.slice(offset, offset + length);
  }
}

/** The same text with a star for each character of a secret, so that every offset still holds. */
export function withoutSecrets(text: string): string {
  return text
    .replaceAll(secretPair, (_, key: string, value: string) => key + starred(value))
    .replaceAll(userOfUrl, (_, slashes: string, user: string) => slashes + starred(user));
}

function starred(secret: string): string {
  return secret.replaceAll(/[^\s"]/g, "*");
}
