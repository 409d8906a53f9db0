// The log's file on a disk that may refuse it, or lose it: it is made anew when it is gone, and tried
// again after a while when it was refused. What it does not take has been told on standard error.

import { getRotatingFileSink } from "@logtape/file";
import { getJsonLinesFormatter, type LogRecord, type Sink } from "@logtape/logtape";

const fileBytes = 5 * 1024 * 1024;
const fileCount = 5;
/** Between two looks at the file, and between two attempts. */
const pauseMs = 1000;

export class LogFile {
  readonly #folder: string;
  readonly #path: string;
  #file: (Sink & Disposable) | null = null;
  #nextLookMs = 0;

  constructor(folder: string, path: string) {
    this.#folder = folder;
    this.#path = path;
  }

  /** To be given to the logging library, which disposes of it. */
  get sink(): Sink & Disposable {
    return Object.assign((record: LogRecord) => this.#write(record), {
      [Symbol.dispose]: () => this.#close(),
    });
  }

  #write(record: LogRecord): void {
    try {
      if (performance.now() >= this.#nextLookMs) this.#look();
      this.#file?.(record);
    } catch {
      this.#close();
      this.#nextLookMs = performance.now() + pauseMs;
    }
  }

  #look(): void {
    this.#nextLookMs = performance.now() + pauseMs;
    if (this.#file !== null && isThere(this.#path)) return;
    this.#close();
    Deno.mkdirSync(this.#folder, { recursive: true, mode: 0o750 });
    this.#file = getRotatingFileSink(this.#path, {
      formatter: getJsonLinesFormatter({ properties: "flatten" }),
      maxSize: fileBytes,
      maxFiles: fileCount,
      bufferSize: 0,
    });
  }

  #close(): void {
    try {
      this.#file?.[Symbol.dispose]();
    } catch {
      // A disk that refuses the last bytes has refused the ones before them.
    }
    this.#file = null;
  }
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
