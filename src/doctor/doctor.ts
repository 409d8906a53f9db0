// Looks at everything that keeps a box from capturing and delivering, whether the service runs or
// not, as root or as somebody else. It changes nothing, publishes nothing and opens no serial port.

import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { fileIdentity } from "../control/control_place.ts";
import type { Account } from "../install/target.ts";
import { errorText } from "../platform/notice.ts";
import { examineClock } from "./clock.ts";
import { examineConfiguration } from "./configuration.ts";
import { type Finding, unseen } from "./finding.ts";
import { examineFolders } from "./folders.ts";
import { examineInstallation, examineRunning } from "./installed_service.ts";
import { examineListening } from "./listening_ports.ts";
import type { Machine } from "./machine.ts";
import { examineNats } from "./nats.ts";
import { askRunning, type ServiceSeen } from "./running_service.ts";
import { examinePorts } from "./serial_ports.ts";
import { ownAccount, readUnit, type ServiceUnit } from "./service_unit.ts";

export interface DoctorOptions {
  readonly machine: Machine;
  readonly configFile: string;
  /** Somebody has named the file: a service that runs on another one is not meant. */
  readonly isNamed: boolean;
  /** What is being looked at now. */
  readonly progress: (what: string) => void;
}

export interface Examined {
  readonly findings: readonly Finding[];
  /** The configuration could be read, and has no problems. */
  readonly configChecks: boolean;
}

export async function examine(options: DoctorOptions): Promise<Examined> {
  const { machine, configFile, isNamed, progress } = options;
  const findings: Finding[] = [];
  const look = async (
    what: string,
    examination: () => readonly Finding[] | Promise<readonly Finding[]>,
  ): Promise<void> => {
    progress(what);
    findings.push(...await orUnseen(what, examination, machine));
  };
  const loaded = await loadConfig(machine.path(configFile));
  const config = loaded.ok ? loaded.config : loaded.captureOnly?.config ?? null;
  const broken = loaded.ok ? [] : loaded.captureOnly?.broken.map(({ name }) => name) ?? [];
  await look("the configuration", () => examineConfiguration(configFile, loaded, machine));
  const unit = unitFor(machine, configFile);
  const account = accountFor(machine, unit);
  let service: ServiceSeen = { status: null, isAbsent: false, findings: [] };
  await look("the service", async () => {
    const isRunnable = config !== null || machine.hides(configFile);
    service = await askRunning({ configFile, isNamed, machine, unit, isRunnable });
    return service.findings;
  });
  const { status, isAbsent } = service;
  if (status !== null) await look("the service", () => examineRunning(status));
  if (unit !== null) {
    await look("what is installed", () => examineInstallation(machine, { unit, account, config }));
  }
  if (config !== null) {
    const around = { machine, account, service: status, isAbsent, hasUnit: unit !== null, broken };
    await lookBy(config, around, look);
  }
  await look("the clock", () => examineClock(machine));
  return { findings, configChecks: loaded.ok };
}

type Look = (
  what: string,
  examination: () => readonly Finding[] | Promise<readonly Finding[]>,
) => Promise<void>;

/** All that a configuration names. */
async function lookBy(
  config: Config,
  around:
    & Parameters<typeof examinePorts>[1]
    & Parameters<typeof examineListening>[1]
    & Parameters<typeof examineFolders>[1]
    & Parameters<typeof examineNats>[1],
  look: Look,
): Promise<void> {
  await look("the serial ports", () => examinePorts(config, around));
  await look("the TCP ports", () => examineListening(config, around));
  await look("the folders", () => examineFolders(config, around));
  await look(
    "NATS, which takes seconds where it does not answer",
    () => examineNats(config, around),
  );
}

/** The unit, where it is for this configuration. */
function unitFor(machine: Machine, configFile: string): ServiceUnit | null {
  const unit = readUnit(machine);
  if (unit === null || unit.configFile === null) return unit;
  return fileIdentity(unit.configFile) === fileIdentity(configFile) ? unit : null;
}

function accountFor(machine: Machine, unit: ServiceUnit | null): Account | null {
  if (unit === null) return ownAccount(machine);
  return machine.target.accountOf(unit.user, unit.groups);
}

/** What stops one examination stops no other. */
async function orUnseen(
  what: string,
  examination: () => readonly Finding[] | Promise<readonly Finding[]>,
  machine: Machine,
): Promise<readonly Finding[]> {
  try {
    return await examination();
  } catch (error) {
    return [unseen(what, `it could not be looked at: ${errorText(error)}`, machine)];
  }
}
