// `nectarcollector config`: about the configuration file as such. `config schema` prints its JSON
// Schema, for editors and for programs that write the file.

import { Command } from "commander";
import { configJsonSchema } from "../config/schema_json.ts";
import { exitCodes, type Terminal } from "./terminal.ts";

/** Builds the command and its subcommands. */
export function configCommand(terminal: Terminal): Command {
  const schema = new Command("schema")
    .description("print the JSON Schema of the configuration file")
    .action(() => {
      terminal.out(JSON.stringify(configJsonSchema(), null, 2));
      terminal.exit(exitCodes.ok);
    });
  return new Command("config").description("about the configuration file").addCommand(schema);
}
