// `nectarcollector doctor`: what keeps this box from capturing and delivering, or soon will, with the
// command that mends it. Beside a running service and without one.

import { Command } from "commander";
import { examine } from "../doctor/doctor.ts";
import { Machine, type MachineOptions } from "../doctor/machine.ts";
import { systemClock } from "../platform/clock.ts";
import { systemDisk } from "../platform/disk.ts";
import { kernelTime } from "../platform/kernel_clock.ts";
import { Libc } from "../platform/libc.ts";
import { configOption, configPath, namedConfig } from "./config_option.ts";
import { doctorLines, reportDoctor } from "./doctor_report.ts";
import { LiveLines } from "./live_lines.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

const examples = `Examples:
  sudo nectarcollector doctor
  sudo nectarcollector doctor --json
  nectarcollector doctor --config site.json
`;

const explanation = `
Looks at the configuration, the service, each serial port, the folders and their disks, NATS and its
streams, and the clock. It changes nothing, publishes nothing, and opens no serial port: it may run at
any time. Another user than root cannot see everything; what is not seen is said, and is no fault.

Exit codes: 0 all is well, 1 something was found, warnings as well, 2 the configuration has problems
            or cannot be read`;

/** Builds the command; `machine` replaces parts of the machine in tests. */
export function doctorCommand(terminal: Terminal, machine: Partial<MachineOptions> = {}): Command {
  const command = new Command("doctor")
    .description("find what keeps this box from capturing and delivering, and what mends it")
    .addHelpText("before", examples)
    .addOption(configOption())
    .option("--json", "print JSON, for programs")
    .addHelpText("after", explanation);
  return command.action(async ({ json = false }: { json?: boolean }) => {
    using libc = new Libc();
    const lines = new LiveLines({
      print: (line) => terminal.err(line),
      live: terminal.errInColor,
      clock: systemClock,
    });
    const { findings, configChecks } = await examine({
      machine: new Machine({
        libc,
        clock: systemClock,
        disk: systemDisk,
        kernelTime,
        ...machine,
      }),
      configFile: configPath(command),
      isNamed: namedConfig(command) !== undefined,
      progress: (what) => lines.show([`looking at ${what}`]),
    });
    lines.clear();
    const report = reportDoctor(findings, configPath(command));
    if (json) terminal.out(JSON.stringify(report, null, 2));
    else for (const line of doctorLines(report, terminal.outInColor)) terminal.out(line);
    const found = report.ok ? exitCodes.ok : exitCodes.failed;
    terminal.exit(configChecks ? found : exitCodes.badConfig);
  });
}
