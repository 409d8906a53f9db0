import { writeFileSync } from "node:fs";
import { Authority } from "../support/certificates.ts";
import { FedSite } from "../support/fed_site.ts";
import { natsServer } from "../support/nats_program.ts";
import { requires } from "../support/requirements.ts";
import { TemporaryFolder } from "../support/temporary_folder.ts";

requires(natsServer).test(
  "a server of an unknown authority is sent nothing until its authority is made known",
  async () => {
    using folder = new TemporaryFolder();
    const put = (name: string, contents: string): string => {
      writeFileSync(folder.join(name), contents);
      return folder.join(name);
    };
    const authority = new Authority();
    const hub = authority.issue({ name: "hub", hosts: ["127.0.0.1"] });
    const stranger = new Authority({ name: "a stranger" });
    await using fed = await FedSite.start({
      ports: 1,
      rate: 200,
      server: {
        configuration: `tls {
          cert_file: "${put("hub.pem", hub.certificate)}"
          key_file: "${put("hub.key", hub.key)}"
        }
        allow_non_tls: true`,
      },
      nats: { tls: { ca_file: put("ca.pem", stranger.certificate) } },
    });
    await fed.untilSaid("is signed by an authority that is not known here");
    await fed.untilSent(100);
    put("ca.pem", authority.certificate);
    await fed.assertAllIsWell();
  },
);
