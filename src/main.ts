// Arguments to command, and nothing else.

import { Command } from "commander";
import { backlogCommand } from "./cli/backlog.ts";
import { checkCommand } from "./cli/check.ts";
import { configCommand } from "./cli/config.ts";
import { configOption } from "./cli/config_option.ts";
import { addRunAction } from "./cli/run.ts";
import { demoCommand } from "./cli/demo.ts";
import { detectCommand } from "./cli/detect.ts";
import { doctorCommand } from "./cli/doctor.ts";
import { installCommand } from "./cli/install.ts";
import { portsCommand } from "./cli/ports.ts";
import { reloadCommand } from "./cli/reload.ts";
import { replayCommand } from "./cli/replay.ts";
import { simulateCommand } from "./cli/simulate.ts";
import { processTerminal } from "./cli/terminal.ts";
import { uninstallCommand } from "./cli/uninstall.ts";
import { upgradeCommand } from "./cli/upgrade.ts";
import { verifyCommand } from "./cli/verify.ts";
import { versionText } from "./platform/build.ts";

const terminal = processTerminal();
const program = new Command("nectarcollector")
  .description(
    "captures call records from serial ports, HTTP posts, TCP and WebSocket feeds, and delivers " +
      "them to NATS JetStream",
  )
  .version(versionText())
  .addOption(configOption())
  .addHelpText(
    "after",
    `
Without a command it runs as the service, until SIGTERM or SIGINT.

Examples:
  nectarcollector --config /etc/nectarcollector/config.json
  nectarcollector check --config site.json
  nectarcollector demo --seconds 20
  sudo nectarcollector install
  sudo nectarcollector doctor
  nectarcollector ports
  nectarcollector detect /dev/ttyUSB0
  nectarcollector simulate --maker mitel,norstar --write-config site.json
  nectarcollector backlog
  nectarcollector reload
  nectarcollector replay --channel A1 --since 2h --to replay.a1
  nectarcollector verify --against-stream

Exit codes: 0 stopped as asked, 1 failed, 2 the configuration has problems,
            3 another nectarcollector is using the same folders`,
  );
addRunAction(program, terminal);
program.addCommand(backlogCommand(terminal));
program.addCommand(checkCommand(terminal));
program.addCommand(configCommand(terminal));
program.addCommand(demoCommand(terminal));
program.addCommand(detectCommand(terminal));
program.addCommand(doctorCommand(terminal));
program.addCommand(installCommand(terminal));
program.addCommand(portsCommand(terminal));
program.addCommand(reloadCommand(terminal));
program.addCommand(replayCommand(terminal));
program.addCommand(simulateCommand(terminal));
program.addCommand(uninstallCommand(terminal));
program.addCommand(upgradeCommand(terminal));
program.addCommand(verifyCommand(terminal));
for (const command of [program, ...program.commands]) {
  command.configureOutput({
    writeOut: (text) => terminal.out(text.replace(/\n$/, "")),
    writeErr: (text) => terminal.err(text.trimEnd()),
  });
}
await program.parseAsync(Deno.args, { from: "user" });
// A dial to a server that does not answer would keep the process for seconds after its stop.
Deno.exit(Deno.exitCode);
