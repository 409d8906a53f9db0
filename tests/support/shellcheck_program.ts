// The shellcheck that tests run, looked for once.

import { findDebianProgram, ProgramMissing } from "../../src/simulate/debian_program.ts";
import type { Requirement } from "./requirements.ts";

/** Path of the executable, empty where there is none. */
export const shellcheckProgram = await findDebianProgram(
  { name: "shellcheck", place: "usr/bin/shellcheck", variable: "SHELLCHECK" },
  { report: (message) => console.log(message) },
).catch((error) => {
  if (!(error instanceof ProgramMissing)) throw error;
  console.error(error.message);
  return "";
});

export const shellcheck: Requirement = {
  name: "a shellcheck",
  isMet: () => shellcheckProgram !== "",
};
