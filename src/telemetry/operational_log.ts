// What the service says about itself: sentences on standard error for people, JSON lines in a
// rotating file for machines. Never callers' data.

import {
  configure,
  dispose,
  getAnsiColorFormatter,
  getLogger,
  getTextFormatter,
  type LogRecord,
  type Sink,
} from "@logtape/logtape";
import { LogFile } from "./log_file.ts";
import type { Notice, Report } from "../platform/notice.ts";

const category = ["nectarcollector"];

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface OperationalLog extends AsyncDisposable {
  readonly report: Report;
}

/** Opens the log. The file is `{folder}/nectarcollector.log`; without it the log goes on. */
export async function openLog(options: {
  readonly folder: string;
  readonly level: LogLevel;
  readonly inColor: boolean;
  /** Takes one line for people. */
  readonly print: (line: string) => void;
}): Promise<OperationalLog> {
  const { folder, level, inColor, print } = options;
  const format = (inColor ? getAnsiColorFormatter : getTextFormatter)({
    timestamp: "time",
    format: ({ timestamp, level, message }) => `${timestamp} ${level} ${message}`,
  });
  const people: Sink = (record) => print(peopleLine(record, format));
  await configure({
    reset: true,
    sinks: {
      people,
      file: new LogFile(folder, `${folder}/nectarcollector.log`).sink,
    },
    loggers: [
      {
        category,
        lowestLevel: level === "warn" ? "warning" : level,
        sinks: ["people", "file"],
      },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["people"] },
    ],
  });
  return { report: reportTo(category), [Symbol.asyncDispose]: dispose };
}

function reportTo(name: readonly string[]): Report {
  const logger = getLogger([...name]);
  return ({ level, message, details, ...fields }: Notice) => {
    // Braces would be taken for placeholders.
    const text = message.replaceAll("{", "{{").replaceAll("}", "}}");
    logger[level](text, { ...fields, ...details });
  };
}

function peopleLine(record: LogRecord, format: (record: LogRecord) => string): string {
  const line = format(record).trimEnd();
  const hint = record.properties["hint"];
  return typeof hint === "string" ? `${line}\n    → ${hint}` : line;
}
