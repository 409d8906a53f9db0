// Settings of a stream with which records are lost or never acknowledged, though it is there and
// answers. Pure. How full it is, and what it drops at its limits, is in stream_storage.ts.

import type { StreamConfig } from "@nats-io/jetstream";

export interface SettingFault {
  readonly level: "warning" | "error";
  readonly message: string;
  readonly cause: string;
  readonly hint: string;
}

export function settingFaults(
  config: Pick<StreamConfig, "name" | "no_ack" | "storage" | "retention" | "sealed">,
): SettingFault[] {
  const { name, no_ack, storage, retention, sealed } = config;
  return [
    ...sealed
      ? [{
        level: "error" as const,
        message: `stream ${name} is sealed: it takes nothing any more`,
        cause: "somebody has closed it for ever",
        hint: `let another take its subjects: nats stream rm ${name}, once its records are safe ` +
          "elsewhere; the service then makes one anew",
      }]
      : [],
    ...no_ack
      ? [{
        level: "error" as const,
        message: `stream ${name} acknowledges nothing`,
        cause: "records are not known to be there, and wait in the journal",
        hint: `nats stream edit ${name} --ack`,
      }]
      : [],
    ...storage === "memory"
      ? [{
        level: "warning" as const,
        message: `stream ${name} is in memory`,
        cause: "a restart of nats-server takes it, and journals reach back for some time only",
        hint: "let its operator make it anew on disk: nats stream add --storage=file",
      }]
      : [],
    ...retention === "workqueue" || retention === "interest"
      ? [{
        level: "warning" as const,
        message: `stream ${name} lets go of records that were read (retention ${retention})`,
        cause: "what is gone from it cannot be compared with the journals",
        hint: "let its operator make it anew: nats stream add --retention=limits",
      }]
      : [],
  ];
}
