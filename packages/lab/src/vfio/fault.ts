/** A DMA that was refused on its way. It is no call, so it has no errno. */
export class LabFault extends Error {
  override readonly name = 'LabFault';
}
