/** QEMU did not do what it was asked to. The message has what it said. */
export class QemuError extends Error {
  override readonly name: string = 'QemuError';
}
