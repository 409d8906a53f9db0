// What one entry of `ports` may hold, by its type. Keys that belong to another type are listed
// too, because the original service wrote every key of every port when it saved a file: their
// empty values pass, and the line settings of a serial port pass on an HTTP port, without effect.

import { isIP } from "node:net";
import * as z from "zod";
import {
  freeText,
  number,
  numberOr,
  optionalNumber,
  optionalNumberOr,
  subjectToken,
  text,
  tlsFiles,
  yesNo,
} from "./field.ts";
import { framingSchema } from "./framing_schema.ts";
import { noRawCapture, rawCaptureSchema } from "./raw_capture_schema.ts";

/** TCP port of the web page, and of HTTP ports that name none. */
export const defaultPagePort = 8080;

const usualRates = "300, 1200, 2400, 4800, 9600, 19200, 38400, 57600 or 115200";

/** The speeds that a serial port can be told to use. */
export const baudRates = {
  min: 50,
  max: 4_000_000,
  whole: true,
  mustBe:
    `must be a speed in bits a second, usually ${usualRates} (any whole number from 50 to 4000000 is taken)`,
};

/** A PSAP's ten digits. */
export const fipsCode = text(
  /^[0-9]{10}$/,
  'must be a FIPS code: ten digits in quotes, such as "1429010002"',
  "FIPS code of the PSAP, ten digits",
);

const side = text(
  /^[AB]([1-9]|1[0-6])$/,
  "must be a side designation, A1 to A16 or B1 to B16",
  "Side designation, A1 to A16 or B1 to B16, unique among enabled ports",
);

const tcpPort = { min: 1, max: 65_535, whole: true };

const commonKeys = {
  enabled: yesNo(false, "Whether this port is captured"),
  side_designation: side.optional(),
  a_designation: side.optional().describe("Former name of side_designation"),
  fips_code: fipsCode.optional().describe("FIPS code of this port, ten digits; default: the app's"),
  vendor: subjectToken("Vendor of the equipment, a part of the NATS subject").optional(),
  county: subjectToken("County, a part of the NATS subject after the vendor").optional(),
  description: freeText("A note for people").optional(),
  framing: framingSchema.prefault({}).describe("How bytes are cut into records"),
  idle_flush_ms: numberOr(
    5000,
    { min: 10, max: 3_600_000, whole: true, unit: "milliseconds" },
    "Silence after which an unfinished record is kept as it is, and a record of several lines has " +
      "ended, in milliseconds",
  ),
  silence_alarm_sec: optionalNumberOr(
    "learned",
    { min: 1, max: 31_536_000, unit: "seconds" },
    'Silence after which an alarm is raised, in seconds; "learned": when it is longer than usual at ' +
      "this hour of the week, after two weeks of learning; 0: never",
  ),
};

/** A key of another type of port: only the original's empty values of it are taken. */
function foreignText(type: string): z.ZodOptional<z.ZodNever> {
  return z.never({ error: `cannot be used here: it belongs to a port of type "${type}"` })
    .describe(`Belongs to a port of type ${type}`).optional();
}

function foreignNumber(type: string): z.ZodOptional<z.ZodType<undefined>> {
  return z.literal(0, { error: `cannot be used here: it belongs to a port of type "${type}"` })
    .describe(`Belongs to a port of type ${type}`)
    .transform((): undefined => undefined).optional();
}

function ignored(): z.ZodOptional<z.ZodType<undefined>> {
  return z.unknown().describe("Belongs to a serial port; without effect here")
    .transform((): undefined => undefined).optional();
}

const ignoredLineSettings = {
  baud_rate: ignored(),
  data_bits: ignored(),
  parity: ignored(),
  stop_bits: ignored(),
  use_flow_control: ignored(),
};

const serialPort = z.strictObject({
  type: z.literal("serial").default("serial").describe("A serial port of this machine"),
  device: text(
    /^\/./,
    "must be the absolute path of a serial port, such as /dev/ttyS0",
    "Serial port, such as /dev/ttyS0 or /dev/serial/by-id/…; each device once",
  ),
  baud_rate: numberOr(0, {
    ...baudRates,
    mustBe: `${baudRates.mustBe}, or 0 to detect it`,
  }, "Speed in bits a second; 0 detects it"),
  data_bits: z.literal([0, 5, 6, 7, 8], { error: "must be 5, 6, 7 or 8" })
    .meta({ description: "Data bits of a character", default: 8 })
    .transform((bits) => bits === 0 ? 8 : bits).default(8),
  parity: z.enum(["none", "odd", "even", "mark", "space"]).default("none")
    .describe("Parity bit of a character"),
  stop_bits: z.literal([0, 1, 1.5, 2], { error: "must be 1, 1.5 or 2" })
    .meta({ description: "Stop bits of a character", default: 1 })
    .transform((bits) => bits === 0 ? 1 : bits).default(1),
  use_flow_control: z.boolean().optional()
    .describe("RTS/CTS flow control; absent: from when characters were lost"),
  raw_capture: rawCaptureSchema,
  path: foreignText("http"),
  listen_port: foreignNumber("http"),
  ...commonKeys,
});

const networkMustBe = "must be an address such as 192.0.2.7, or a network such as 192.0.2.0/24";

/** Addresses and networks that may send. */
const networks = z.array(
  z.string({ error: networkMustBe }).refine(isNetwork, {
    error: networkMustBe,
  }),
).meta({ description: "Addresses and networks that may post; default: all" })
  // Who lists nobody means that nobody is refused, as with every other empty value.
  .transform((found) => found.length === 0 ? undefined : found);

const httpPort = z.strictObject({
  type: z.literal("http").describe("Records that are posted to this machine over HTTP"),
  path: text(
    /^\/[^\s?#]*$/,
    "must be the path that records are posted to, beginning with /, such as /cdr",
    "Path that records are posted to; each pair of listen_port and path once",
  ),
  listen_port: optionalNumber(tcpPort, "TCP port to listen on; default: the web page's"),
  listen_host: freeText("Address of this machine to listen on; default: all of them").optional(),
  allow_from: networks.optional(),
  username: freeText("User name that senders must give; default: none is asked for").optional(),
  password: freeText("Password that senders must give; better password_file").optional(),
  password_file: freeText("File that holds the password").optional(),
  device: foreignText("serial"),
  raw_capture: noRawCapture,
  ...ignoredLineSettings,
  ...commonKeys,
});

const feedSeconds = { min: 1, max: 604_800, unit: "seconds" };

const connectingTls = tlsFiles().extend({
  server_name: freeText("Name in the other side's certificate; default: the host").optional(),
});

const networkPort = z.strictObject({
  type: z.literal("tcp").describe("A TCP feed: connect to host and port, or listen_port"),
  host: freeText("Host to connect to").optional(),
  port: number(tcpPort, "TCP port to connect to").optional(),
  listen_port: optionalNumber(tcpPort, "TCP port to listen on, instead of host and port"),
  listen_host: freeText("Address to listen on; the default is every IPv4 address")
    .default("0.0.0.0"),
  tls: connectingTls.optional().describe(
    "Speak TLS: connecting, ca_file is what the other side is checked against, cert_file and " +
      "key_file show who we are; listening, cert_file and key_file are needed",
  ),
  acknowledge: text(
    /^[^\u0100-\uffff]{1,64}$/,
    'must be 1 to 64 characters of one byte each, such as "\\u0006" for ACK',
    "Sent for each whole record, once it is safe on the disk; default: nothing is sent",
  ).optional(),
  idle_reconnect_sec: optionalNumber(
    feedSeconds,
    "Silence after which the connection is given up and made anew, in seconds; default: never",
  ),
  device: foreignText("serial"),
  raw_capture: noRawCapture,
  path: foreignText("http"),
  ...ignoredLineSettings,
  ...commonKeys,
});

const websocketPort = z.strictObject({
  type: z.literal("websocket").describe("A WebSocket feed to connect to"),
  url: z.string({ error: "must be a URL beginning with ws:// or wss://" })
    .refine(isWebsocketUrl, { error: "must be a URL beginning with ws:// or wss://" })
    .meta({ description: "URL to connect to, ws:// or wss://", pattern: "^wss?://" }),
  messages: z.array(z.string({ error: "must be a text" }), { error: "must be a list of texts" })
    .default([])
    .describe("Texts to send after connecting, in order, such as a subscription"),
  stall_sec: optionalNumber(
    feedSeconds,
    "Silence after which the feed has stalled: it is told and connected anew, in seconds; " +
      "default: never",
  ),
  tls: connectingTls.optional().describe(
    "TLS of a wss:// URL: what the other side is checked against, and who we are",
  ),
  headers: z.record(
    text(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, "must be the name of a header", "Name of a header"),
    text(/^[^\p{Cc}]*$/u, "must be a text of one line", "Its text"),
    { error: 'must be names and texts of one line, such as { "Origin": "https://example.org" }' },
  ).default({}).describe("Further headers of the request that opens the WebSocket"),
  username: freeText("User name to give to the server, with a password").optional(),
  password: freeText("Password to give to the server; better password_file").optional(),
  password_file: freeText("File that holds the password").optional(),
  token: freeText("Token to give to the server; better token_file").optional(),
  token_file: freeText("File that holds the token").optional(),
  device: foreignText("serial"),
  raw_capture: noRawCapture,
  path: foreignText("http"),
  listen_port: foreignNumber("http"),
  ...ignoredLineSettings,
  ...commonKeys,
});

/** One entry of `ports`. */
export const portSchema = z.discriminatedUnion(
  "type",
  [serialPort, httpPort, networkPort, websocketPort],
  {
    error: (issue) =>
      issue.code === "invalid_union" ? 'must be "serial", "http", "tcp" or "websocket"' : undefined,
  },
);

function isNetwork(found: string): boolean {
  const [address = "", bits, ...more] = found.split("/");
  const longest = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || more.length > 0) return false;
  return bits === undefined || /^\d{1,3}$/.test(bits) && Number(bits) <= longest;
}

function isWebsocketUrl(found: string): boolean {
  const url = URL.parse(found);
  return url !== null && (url.protocol === "ws:" || url.protocol === "wss:");
}
