// What stands in the registers of a 16550 of a virtual machine, seen from outside, through qemu's
// monitor: what a driver has really made of settings, and where the pins DTR and RTS are. Registers
// and bits from the data sheet of the PC16550D.

import type { MachineMonitor } from "./machine_monitor.ts";

/** Offsets from the chip's base address. */
const register = {
  data: 0,
  divisorLow: 0,
  divisorHigh: 1,
  lineControl: 3,
  modemControl: 4,
} as const;

/** In the line control register: the first two registers are the divisor. */
const divisorAccess = 0x80;

/** In the modem control register. */
const pins = { dtr: 0x01, rts: 0x02, loop: 0x10 } as const;

export interface UartPins {
  readonly dtr: "up" | "down";
  readonly rts: "up" | "down";
}

export class UartRegisters {
  readonly #monitor: MachineMonitor;
  readonly #base: number;

  constructor(options: { readonly monitor: MachineMonitor; readonly base: number }) {
    this.#monitor = options.monitor;
    this.#base = options.base;
  }

  /** Data bits, parity, stop bits and break, as the chip has them. */
  lineControl(): Promise<number> {
    return this.#read("lineControl");
  }

  async pins(): Promise<UartPins> {
    const bits = await this.#read("modemControl");
    const level = (bit: number): "up" | "down" => (bits & bit) === 0 ? "down" : "up";
    return { dtr: level(pins.dtr), rts: level(pins.rts) };
  }

  /** 115,200 divided by this is the speed at which the chip runs. */
  divisor(): Promise<number> {
    return this.#monitor.whileStopped(async () => {
      const lineControl = await this.#read("lineControl");
      await this.#write("lineControl", lineControl | divisorAccess);
      const low = await this.#read("divisorLow");
      const high = await this.#read("divisorHigh");
      await this.#write("lineControl", lineControl);
      return high << 8 | low;
    });
  }

  /**
   * Characters that arrive while no interrupt is served, so that those beyond the chip's sixteen are
   * lost: the chip sends them to itself while the machine stands still.
   */
  async receiveUnserved(characters: Uint8Array): Promise<void> {
    await this.#monitor.whileStopped(async () => {
      const modemControl = await this.#read("modemControl");
      await this.#write("modemControl", modemControl | pins.loop);
      for (const character of characters) await this.#write("data", character);
      await this.#write("modemControl", modemControl);
    });
  }

  #read(name: keyof typeof register): Promise<number> {
    return this.#monitor.inputByte(this.#base + register[name]);
  }

  #write(name: keyof typeof register, value: number): Promise<void> {
    return this.#monitor.outputByte(this.#base + register[name], value);
  }
}
