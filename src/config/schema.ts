// Every section and key of the configuration file, with its default, its limits and what it means.
// The checked values, the messages and the JSON Schema all come from here; rules that look at more
// than one key stand in rules.ts.

import * as z from "zod";
import {
  freeText,
  number,
  numberOr,
  optionalNumber,
  serverUrls,
  subject,
  tlsFiles,
  yesNo,
} from "./field.ts";
import { baudRates, defaultPagePort, fipsCode, portSchema } from "./port_schema.ts";

const megabytes = { min: 0.001, max: 1_000_000_000, unit: "MB" };
const syncMustBe = 'must be "always" or a whole number from 10 to 60000 milliseconds';
/**
 * Less than 1 MB would not hold the longest record. The default leaves room for delivery's windows
 * in the 32 MB that the service may grow by.
 */
const memoryTail = { min: 1, max: 4096, unit: "MB" };
const memoryTailMeaning =
  "Memory in which records of all ports together wait while the disk takes none, in MB";
const seconds = { min: 0.001, max: 86_400, unit: "seconds" };

/** How the service proves to a NATS server who it is, and checks who the server is. */
const credentials = {
  user: freeText("User name").optional(),
  password: freeText("Password; better in a file").optional(),
  password_file: freeText("File that holds the password").optional(),
  token: freeText("Token; better in a file").optional(),
  token_file: freeText("File that holds the token").optional(),
  nkey_seed_file: freeText("File that holds an NKey seed").optional(),
  creds_file: freeText("Credentials file (JWT and seed), as nsc writes it").optional(),
  tls: tlsFiles().optional().describe("TLS files for the connection"),
  manage_streams: yesNo(true, "Whether streams that are missing are created"),
};

const app = z.strictObject({
  name: freeText("Name of the service").default("NectarCollector"),
  instance_id: freeText("Name of this box, unique in the fleet").default("default"),
  fips_code: fipsCode.optional().describe("FIPS code of ports that have none of their own"),
});

const detection = z.strictObject({
  baud_rates: z.array(
    z.number({ error: baudRates.mustBe })
      .refine(
        (rate) => Number.isInteger(rate) && rate >= baudRates.min && rate <= baudRates.max,
        { error: baudRates.mustBe },
      ),
  ).meta({ description: "Speeds to try, in this order" })
    // The original took an empty list for "not set", as it did 0 and "".
    .transform((rates) => rates.length === 0 ? defaultRates() : rates)
    .default(defaultRates),
  detection_timeout_sec: numberOr(
    2,
    seconds,
    "Without effect: a line is judged by what it says, however long that takes, never by the time",
  ),
  min_bytes_for_valid: numberOr(
    50,
    { min: 1, max: 65_536, whole: true, unit: "bytes" },
    "Bytes to see before a speed is believed",
  ),
});

const nats = z.strictObject({
  url: serverUrls("NATS server: a URL, several with commas between them, or a list")
    .prefault("nats://localhost:4222"),
  subject_prefix: subject("Beginning of every subject").default("serial"),
  max_reconnects: numberOr(
    10,
    { min: -1, max: 1_000_000_000, whole: true },
    "Read for compatibility and not used: this service never gives up",
  ),
  reconnect_wait_sec: numberOr(5, seconds, "Pause before connecting again, in seconds"),
  ...credentials,
});

const logging = z.strictObject({
  base_path: freeText("Folder of the journals, the files of records")
    .default("/var/log/nectarcollector"),
  max_size_mb: numberOr(50, megabytes, "Size at which a new file is begun, in MB"),
  max_backups: numberOr(
    10,
    { min: 0, max: 1_000_000, whole: true },
    "Former files to keep for each channel; 0 means the default",
  ),
  compress: yesNo(false, "Whether former files are compressed"),
  level: z.enum(["debug", "info", "warn", "error"]).default("info")
    .describe("How much the service says about itself"),
});

const monitoring = z.strictObject({
  host: freeText("Address to listen on; default: loopback unless a password is set").optional(),
  port: numberOr(defaultPagePort, { min: 1, max: 65_535, whole: true }, "TCP port of the web page"),
  username: freeText("User name of the web page").optional(),
  password: freeText("Password of the web page; better password_hash").optional(),
  password_file: freeText("File that holds the password").optional(),
  password_hash: freeText("Hash of the web page's password").optional(),
  tls: tlsFiles().optional().describe("Certificate and key, to serve the page over HTTPS"),
});

const recovery = z.strictObject({
  reconnect_delay_sec: numberOr(1, seconds, "First pause after a failure, in seconds"),
  max_reconnect_delay_sec: numberOr(60, seconds, "Longest pause after failures, in seconds"),
  // Without the key the original kept the pause constant; doubling up to the longest is what we
  // want of a box that nobody looks at.
  exponential_backoff: yesNo(true, "Whether the pause doubles with each failure"),
});

const forwarder = z.strictObject({
  enabled: yesNo(false, "Whether records are also delivered to a second NATS server"),
  remote_url: serverUrls("Second NATS server: a URL, several with commas between them, or a list")
    .optional(),
  remote_subject: subject("Subject of records on the second server").optional(),
  remote_creds: freeText("Former name of creds_file").optional(),
  ...credentials,
});

const journal = z.strictObject({
  state_path: freeText(
    "Folder of what is remembered: epochs, cursors, line settings, usual traffic",
  )
    .default("/var/lib/nectarcollector"),
  sync: z.union([
    z.literal("always"),
    z.number().refine(
      (ms) => ms === 0 || (Number.isInteger(ms) && ms >= 10 && ms <= 60_000),
      { error: syncMustBe },
    ),
  ], { error: syncMustBe })
    .meta({
      description: 'When records are made safe on disk: "always" or every so many milliseconds',
      anyOf: [{ enum: ["always", 0] }, { type: "integer", minimum: 10, maximum: 60_000 }],
      default: 250,
    })
    .transform((found) => found === 0 ? 250 : found)
    .default(250),
  // Not "not set" when it is 0, as elsewhere: the original did not know the key, and no floor is
  // something to ask for.
  min_free_mb: number(
    { ...megabytes, min: 0 },
    "Free space to leave on the disk of base_path, in MB; 0 leaves none; " +
      "default: 256 MB or 2 % of the disk, the larger, but at most a quarter of the disk",
  ).optional(),
  max_total_mb: optionalNumber(
    megabytes,
    "Space that the journals of all ports may take together, in MB; default: no limit",
  ),
  memory_tail_mb: numberOr(24, memoryTail, memoryTailMeaning),
});

const resources = z.strictObject({
  memory_mb: numberOr(
    256,
    { min: 64, max: 1_000_000, whole: true, unit: "MB" },
    "Memory that the service may take, in MB; above it queues become shorter, and then features " +
      "are switched off, but never capture",
  ),
});

/** The whole file. */
export const fileSchema = z.strictObject({
  app: app.prefault({}).describe("This box"),
  ports: z.array(portSchema, {
    error: "must be a list of ports, at least one of them enabled",
  }).describe("What is captured, one entry for each channel"),
  detection: detection.prefault({}).describe("Finding the speed of a serial line"),
  nats: nats.prefault({}).describe("Where records are delivered to"),
  logging: logging.prefault({}).describe("Files of records, and the service's own log"),
  journal: journal.prefault({}).describe("How records are kept safe"),
  resources: resources.prefault({}).describe("What the service may take of the box"),
  monitoring: monitoring.prefault({}).describe("The web page"),
  recovery: recovery.prefault({}).describe("Pauses between attempts after a failure"),
  forwarder: forwarder.prefault({}).describe("A second place to deliver records to"),
  evidence: z.strictObject({
    enabled: z.boolean().optional().describe("Whether records are sealed"),
  }).optional().describe("Sealing of records against alteration"),
  alerts: z.looseObject({}).optional().describe("Who is told when something is wrong"),
});

/** A file in which every key by itself is right. */
export type CheckedFile = z.output<typeof fileSchema>;

/** The section `detection` of a file that has none. */
export function defaultDetection(): CheckedFile["detection"] {
  return detection.parse({});
}

function defaultRates(): number[] {
  return [9600, 19200, 4800, 38400, 115200, 57600, 2400, 1200, 300];
}
