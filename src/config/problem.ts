// One thing that is wrong with a configuration file, as a value: the command line prints it, the
// web page shows it beside the field. Secrets never stand in it (see source_text.ts).

export interface Problem {
  readonly file: string;
  /** The key that it is about, such as `ports[0].device`; empty for the file as a whole. */
  readonly path: string;
  /** From 1; 0 when the problem is with the file and not with a place in it. */
  readonly line: number;
  /** From 1, in UTF-16 code units; 0 like `line`. */
  readonly column: number;
  readonly message: string;
  /** The line of the file that it stands on, without its end. */
  readonly text: string;
}

/** How a problem's parts are made to stand out; the identity where there are no colours. */
export interface ProblemStyle {
  readonly place: (text: string) => string;
  readonly caret: (text: string) => string;
}

const plain: ProblemStyle = { place: (text) => text, caret: (text) => text };

/** Longer lines, as of a file without line breaks, are shown around the place only. */
const maxShown = 100;

/** `FILE:LINE:COL: message`, the line of the file, and a caret under the place. */
export function formatProblem(problem: Problem, style: ProblemStyle = plain): string {
  if (problem.line === 0) return `${style.place(`${problem.file}:`)} ${problem.message}`;
  const place = style.place(`${problem.file}:${problem.line}:${problem.column}:`);
  const head = `${place} ${problem.message}`;
  if (problem.text.trim() === "") return head;
  const { shown, caretAt } = cutAround(printable(problem.text), problem.column - 1);
  return `${head}\n  ${shown}\n  ${" ".repeat(caretAt)}${style.caret("^")}`;
}

function cutAround(line: string, at: number): { shown: string; caretAt: number } {
  if (line.length <= maxShown) return { shown: line, caretAt: at };
  const from = Math.max(0, Math.min(at - maxShown / 2, line.length - maxShown));
  const to = from + maxShown;
  const before = from > 0 ? "…" : "";
  const after = to < line.length ? "…" : "";
  return {
    shown: `${before}${line.slice(from, to)}${after}`,
    caretAt: at - from + before.length,
  };
}

/** A tab takes one column, so that the caret is right; no byte of a file steers the terminal. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, (char) => char === "\t" ? " " : "·");
}
