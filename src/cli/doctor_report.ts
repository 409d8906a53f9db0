// What `nectarcollector doctor` has found, for programs and for people.

import { type Finding, type FindingLevel, worstOf } from "../doctor/finding.ts";
import { versionText } from "../platform/build.ts";
import { counted } from "./counted.ts";
import { bold, red } from "./terminal.ts";

/** As `--json` prints it. */
export interface DoctorReport {
  readonly version: 1;
  /** No warning and no error; there may be what this user cannot see. */
  readonly ok: boolean;
  /** Of the worst finding. */
  readonly level: FindingLevel;
  /** This program. */
  readonly program: string;
  readonly file: string;
  readonly findings: readonly Finding[];
}

export function reportDoctor(findings: readonly Finding[], file: string): DoctorReport {
  const level = worstOf(findings);
  const ok = level === "ok" || level === "unseen";
  return { version: 1, ok, level, program: versionText(), file, findings };
}

const names: Readonly<Record<FindingLevel, string>> = {
  ok: "ok",
  unseen: "not seen",
  warning: "warning",
  error: "ERROR",
};
const width = 8;

/** What is well first, so that what is not stands above the prompt. */
const order: readonly FindingLevel[] = ["ok", "unseen", "warning", "error"];

export function doctorLines(report: DoctorReport, inColor: boolean): string[] {
  const { findings, program } = report;
  const sorted = order.flatMap((level) => findings.filter((each) => each.level === level));
  return [
    `nectarcollector ${program}`,
    "",
    ...sorted.flatMap((finding) => findingLines(finding, inColor)),
    "",
    conclusion(report, inColor),
  ];
}

function findingLines(
  { level, subject, message, cause, hint }: Finding,
  inColor: boolean,
): string[] {
  const name = names[level].padEnd(width);
  const shown = level === "error"
    ? red(name, inColor)
    : level === "warning"
    ? bold(name, inColor)
    : name;
  const further = (mark: string, text: string): string => `${" ".repeat(width)}  ${mark} ${text}`;
  return [
    `${shown}  ${bold(subject, inColor)}: ${message}`,
    ...cause === null ? [] : [further("because", cause)],
    ...hint === null ? [] : [further("→", hint)],
  ];
}

function conclusion({ findings, ok }: DoctorReport, inColor: boolean): string {
  const count = (level: FindingLevel): number =>
    findings.filter((each) => each.level === level).length;
  const hidden = count("unseen") === 0 ? "" : `; ${count("unseen")} not seen by this user`;
  if (ok) return `all is well${hidden}`;
  const errors = count("error");
  const parts = [
    ...errors === 0 ? [] : [red(counted(errors, "error"), inColor)],
    ...count("warning") === 0 ? [] : [counted(count("warning"), "warning")],
  ];
  return `${parts.join(", ")}${hidden}`;
}
