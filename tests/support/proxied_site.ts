// A box whose sink reaches its nats-server through a proxy, which cuts, swallows and refuses.

import { DeliverySite, type DeliverySiteOptions } from "./delivery_site.ts";
import { TcpProxy } from "./tcp_proxy.ts";
import { waitFor } from "./wait_for.ts";

export class ProxiedSite implements AsyncDisposable {
  readonly site: DeliverySite;
  readonly proxy: TcpProxy;

  static async open(options: DeliverySiteOptions = {}): Promise<ProxiedSite> {
    const site = await DeliverySite.open(options);
    const proxy = await TcpProxy.open({ serverPort: site.server.port });
    site.connection = () => ({ servers: proxy.url });
    return new ProxiedSite(site, proxy);
  }

  private constructor(site: DeliverySite, proxy: TcpProxy) {
    this.site = site;
    this.proxy = proxy;
  }

  /** Starts the sink and waits until these records are acknowledged. */
  async deliver(count: number): Promise<void> {
    this.site.fed.feed(count);
    this.site.startSink();
    await this.site.caughtUp();
    await this.site.state("delivering");
  }

  /** Waits until status no longer claims to deliver. */
  async told(): Promise<void> {
    await waitFor("status to tell", () => this.site.sink.status.state !== "delivering");
  }

  /** Waits until everything is acknowledged, and asserts that the stream holds what the journal holds. */
  async assertHealed(): Promise<void> {
    await this.site.caughtUp(30_000);
    await this.site.state("delivering");
    await this.site.assertDelivered();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site.stopSink();
    this.proxy[Symbol.dispose]();
    await this.site[Symbol.asyncDispose]();
  }
}
