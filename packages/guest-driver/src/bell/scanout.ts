/** The screen: which pixels of VRAM are on it. One for the function, whoever presents. */
import { type Accessors, bellRegisters, place } from '@doorbell/abi';

const { SCANOUT_CONTROL, SCANOUT_SIZE, SCANOUT_FLIP } = bellRegisters.rows;
const { WIDTH, HEIGHT } = SCANOUT_SIZE.bits;

/** An image in VRAM. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  /** VRAM page of its first pixel. */
  readonly page: number;
}

export class Scanout {
  private readonly registers: Accessors<typeof bellRegisters.rows>;
  /** What the registers describe; undefined while the screen is off. */
  private shown: Picture | undefined;

  constructor(registers: Accessors<typeof bellRegisters.rows>) {
    this.registers = registers;
  }

  /** Shows a picture as it is. Only what differs from the last one is programmed. */
  show(picture: Picture): void {
    const { registers, shown } = this;
    if (picture.width !== shown?.width || picture.height !== shown.height) {
      registers.SCANOUT_SIZE.write(place(WIDTH, picture.width) | place(HEIGHT, picture.height));
    }
    if (picture.stride !== shown?.stride) {
      registers.SCANOUT_STRIDE.write(picture.stride);
    }
    if (picture.page !== shown?.page) {
      registers.SCANOUT_PAGE.write(picture.page);
    }
    if (shown === undefined) {
      registers.SCANOUT_CONTROL.write(SCANOUT_CONTROL.bits.ENABLE.mask);
    }
    registers.SCANOUT_FLIP.write(SCANOUT_FLIP.bits.FLIP.mask);
    this.shown = picture;
  }

  /** Turns the screen off if it shows this page: the memory is about to be someone else's. */
  forget(page: number): void {
    if (this.shown?.page === page) {
      this.registers.SCANOUT_CONTROL.write(0);
      this.shown = undefined;
    }
  }
}
