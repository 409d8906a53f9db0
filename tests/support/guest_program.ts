// A program of ours for a virtual machine, made as the product is: bundled, then compiled into one
// executable.

import { join } from "node:path";
import { environment, program, type Requirement } from "./requirements.ts";
import { runProgram } from "./run_program.ts";

/** The version of the runtime that DENORT_BIN names, which must be compiled with the same. */
const compilerVersion = "2.4.2";

/** That Deno, and what it must be told: it trusts what the system trusts only when it is. */
export const matchingDeno = {
  command: ["npx", "-y", `deno@${compilerVersion}`],
  environment: { DENO_TLS_CA_STORE: "system", RUST_MIN_STACK: "16777216" },
} as const;

/** `.ci/denort` gets a runtime where Deno's own site cannot be reached. */
export const guestProgramNeeds: readonly Requirement[] = [
  program("npx"),
  environment("DENORT_BIN", "export DENORT_BIN=$(.ci/denort)"),
];

export interface GuestProgramOptions {
  /** The module to start with. */
  readonly entry: string;
  /** The executable to make. */
  readonly output: string;
}

/** @throws {Error} with what Deno said */
export async function compileGuestProgram({ entry, output }: GuestProgramOptions): Promise<void> {
  const bundle = `${output}.js`;
  const folder = join(import.meta.dirname ?? "", "..", "..");
  await runProgram(Deno.execPath(), ["bundle", "--quiet", "--output", bundle, entry], { folder });
  const [program, ...args] = matchingDeno.command;
  const compile = ["compile", "--quiet", "--no-check", "--no-config", "--allow-all"];
  await runProgram(program, [...args, ...compile, "--output", output, bundle], {
    folder,
    environment: matchingDeno.environment,
  });
}
