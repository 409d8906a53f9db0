// `nectarcollector reload`: asks the running service to go over to what its file says now, waits, and
// prints what has changed.

import { Command } from "commander";
import * as z from "zod";
import { askService, NobodyAnswers } from "../control/control_client.ts";
import { errorText } from "../platform/notice.ts";
import { printProblems } from "./check.ts";
import { configOption, configPath, namedConfig } from "./config_option.ts";
import { type ReloadAnswer, reloadLines, restartHint } from "./reloading.ts";
import { tellTrouble } from "./sink_trouble.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

const names = z.array(z.string());
const problem = z.object({
  file: z.string(),
  path: z.string(),
  line: z.number(),
  column: z.number(),
  message: z.string(),
  text: z.string(),
});
const shape: z.ZodType<ReloadAnswer> = z.discriminatedUnion("taken", [
  z.object({ taken: z.literal(false), file: z.string(), problems: z.array(problem) }),
  z.object({
    taken: z.literal(true),
    file: z.string(),
    added: names,
    removed: names,
    reopened: names,
    readdressed: names,
    sinks: names,
    need_restart: names,
  }),
]);

export function reloadCommand(terminal: Terminal): Command {
  const command = new Command("reload")
    .description("let the running service go over to what its configuration says now")
    .addOption(configOption())
    .option("--json", "print JSON, for programs")
    .addHelpText(
      "after",
      "\nOnly ports and sinks are touched whose keys have changed. A file that does not check changes\n" +
        "nothing.\n\nExit codes: 0 taken, 1 no service answers, 2 the file has problems",
    );
  return command.action(async ({ json = false }: { json?: boolean }) => {
    try {
      const configFile = configPath(command);
      const isNamed = namedConfig(command) !== undefined;
      const answer = await askService("reload", { configFile, isNamed });
      if (answer.ok) return tell(shape.parse(answer.result), json, terminal);
      tellTrouble({ message: answer.error, hint: answer.hint }, terminal);
    } catch (error) {
      const hint = error instanceof NobodyAnswers ? error.hint : "look at the service's log";
      tellTrouble({ message: errorText(error), hint }, terminal);
    }
    terminal.exit(exitCodes.failed);
  });
}

function tell(answer: ReloadAnswer, json: boolean, terminal: Terminal): void {
  terminal.exit(answer.taken ? exitCodes.ok : exitCodes.badConfig);
  if (json) return terminal.out(JSON.stringify({ version: 1, ...answer }, null, 2));
  if (!answer.taken) {
    printProblems(answer.problems, answer.file, terminal, "nothing has changed");
    return;
  }
  const lines = reloadLines(answer);
  for (const line of lines.length === 0 ? ["nothing has changed"] : lines) terminal.out(line);
  if (answer.need_restart.length > 0) terminal.err(`  → ${restartHint}`);
}
