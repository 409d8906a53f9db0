// Each NATS server that records go to: whether it can be reached, lets us in, and has streams that
// take and keep what is delivered. Nothing is published, and no stream is made.

import { readFile } from "node:fs/promises";
import { type Config, enabledPorts } from "../config/config.ts";
import { serverOptions } from "../delivery/connection.ts";
import { credentialNotices } from "../delivery/credential_notices.ts";
import { readCredentials } from "../delivery/credential_reading.ts";
import { credentialFiles, type Proof } from "../delivery/credentials.ts";
import { type Destination, destinations, telemetryDestinations } from "../delivery/destinations.ts";
import { troubleHints } from "../delivery/outcome.ts";
import {
  type ServerSurvey,
  type SubjectSurvey,
  surveyDestination,
} from "../delivery/server_survey.ts";
import { fullnessNotice, silentLimitsNotice } from "../delivery/storage_notices.ts";
import { settingFaults } from "../delivery/stream_settings.ts";
import { storageUse } from "../delivery/stream_storage.ts";
import type { WantedStream } from "../delivery/streams.ts";
import type { Notice } from "../platform/notice.ts";
import { differenceFindings } from "./clock.ts";
import { type Finding, unseen, well } from "./finding.ts";
import type { Machine } from "./machine.ts";
import type { Surroundings } from "./surroundings.ts";
import { mayRead, permits } from "./service_unit.ts";

/** For all of a destination's servers together. */
export const patienceMs = 15_000;

/** A stream that one of several kinds of message needs. */
interface Wish {
  readonly subject: string;
  readonly wanted: WantedStream | null;
}

export async function examineNats(config: Config, around: Surroundings): Promise<Finding[]> {
  const usable = destinations(config).filter(({ name }) =>
    !around.broken.some((section) => section === name)
  );
  const found = await Promise.all(
    usable.map((destination) => examineDestination(destination, config, around)),
  );
  return found.flat();
}

async function examineDestination(
  destination: Destination,
  config: Config,
  around: Surroundings,
): Promise<Finding[]> {
  const { name, servers, clientName, credentials } = destination;
  const { machine } = around;
  const files = credentialFiles(credentials);
  const hidden = files.filter(({ path }) => machine.hides(path));
  if (hidden.length > 0) {
    const named = hidden.map(({ key, path }) => `${name}.${key}, ${path}`).join("; ");
    return [unseen(name, `whether it lets us in: only the service may read ${named}`, machine)];
  }
  const readText = (path: string): Promise<string> => readFile(machine.path(path), "utf8");
  const notices = await credentialNotices(destination, { readText, clock: machine.clock });
  const found = [
    ...notices.map((notice) => findingOf(name, notice)),
    ...rightsFindings(destination, around),
  ];
  let proof: Proof;
  try {
    proof = await readCredentials(files, readText);
  } catch {
    // It is told as a notice.
    return found;
  }
  const wishes = wishesOf(destination, config);
  const over = new AbortController();
  const given = new AbortController();
  const late = machine.clock.delay(patienceMs, over.signal).then(() => given.abort());
  const survey = await surveyDestination(
    servers.map((server) => serverOptions(clientName, server, credentials, proof)),
    { subjects: wishes.map(({ subject }) => subject), signal: given.signal },
  );
  over.abort();
  await late;
  const { streamFailure: failure } = survey;
  return [
    ...found,
    ...serverFindings(destination, survey.servers),
    ...failure === null ? [] : [{
      level: "error" as const,
      subject: name,
      message: failure.message,
      cause: null,
      hint: failure.hint ?? troubleHints[failure.trouble],
    }],
    ...streamFindings(name, survey.subjects, { wishes, machine }),
  ];
}

/** What is published there: the records of every port, and of the first destination what the box tells. */
function wishesOf({ name, subject, wantedStream: wanted }: Destination, config: Config): Wish[] {
  const subjects = new Set(enabledPorts(config).map(subject));
  const records = [...subjects].map((each) => ({ subject: each, wanted }));
  if (name !== "nats") return records;
  const telemetry = telemetryDestinations(config).map((each) => ({
    subject: each.subject(),
    wanted: each.wantedStream,
  }));
  return [...records, ...telemetry];
}

function rightsFindings(
  { name, credentials }: Destination,
  { machine, account }: Surroundings,
): Finding[] {
  if (account === null) return [];
  return credentialFiles(credentials).flatMap(({ key, path }): Finding[] => {
    const ownership = machine.ownership(path);
    if (ownership === null || permits(ownership, account, mayRead)) return [];
    return [{
      level: "error",
      subject: name,
      message: `${name}.${key}: the user ${account.name} may not read ${path}`,
      cause: `it belongs to ${machine.target.userName(ownership.uid)}, with mode ` +
        (ownership.mode & 0o777).toString(8),
      hint: `sudo chgrp ${account.name} ${path} && sudo chmod g+r ${path}`,
    }];
  });
}

function serverFindings(
  { name, addressKey }: Destination,
  servers: readonly ServerSurvey[],
): Finding[] {
  const isReached = servers.some(({ failure }) => failure === null);
  return servers.map(({ address, version, failure }): Finding => {
    if (failure === null) return well(name, `nats-server ${version} at ${address} lets us in`);
    const where = failure.trouble === "disconnected" ? ` (${addressKey})` : "";
    return {
      level: isReached ? "warning" : "error",
      subject: name,
      message: failure.message,
      cause: isReached ? "another server is used meanwhile" : "records wait in the journal",
      hint: `${failure.hint ?? troubleHints[failure.trouble]}${where}`,
    };
  });
}

function streamFindings(
  name: string,
  surveys: readonly SubjectSurvey[],
  { wishes, machine }: { readonly wishes: readonly Wish[]; readonly machine: Machine },
): Finding[] {
  const told = new Set<string>();
  return surveys.flatMap(({ subject, stream }): Finding[] => {
    if (stream === null) {
      const wanted = wishes.find((wish) => wish.subject === subject)?.wanted ?? null;
      return [missingStream(name, subject, wanted)];
    }
    const { info, storage } = stream;
    const stated = info.config.name;
    if (told.has(stated)) return [];
    told.add(stated);
    const use = storageUse(storage, "ok");
    const notices = [
      silentLimitsNotice(name, storage),
      use.level === "ok" ? null : fullnessNotice(name, use),
    ].filter((notice) => notice !== null);
    const found = [
      ...settingFaults(info.config).map((fault) => ({ subject: name, ...fault })),
      ...notices.map((notice) => findingOf(name, notice)),
      // From 2.10 on a server tells the time.
      ...differenceFindings(name, Date.parse(info.ts ?? "") - machine.clock.wallMs()),
    ];
    const full = `${Math.floor(use.share * 100)} % full`;
    const messages = `${storage.messages} messages`;
    return found.length === 0 ? [well(name, `stream ${stated}: ${messages}, ${full}`)] : found;
  });
}

function missingStream(name: string, subject: string, wanted: WantedStream | null): Finding {
  if (wanted !== null) {
    const message = `no stream takes ${subject} yet: the service makes ${wanted.name} for it`;
    return well(name, message);
  }
  return {
    level: "error",
    subject: name,
    message: `no stream takes ${subject}`,
    cause: "manage_streams is off, so the service makes none; records wait in the journal",
    hint: `nats stream add --subjects='${subject}' --storage=file --discard=new --defaults`,
  };
}

function findingOf(subject: string, { level, message, hint }: Notice): Finding {
  return {
    level: level === "error" ? "error" : "warning",
    subject,
    message,
    cause: null,
    hint: hint ?? null,
  };
}
