/** Unmodified drivers: they see hardware through the ports of `@doorbell/abi` and nothing else. */
export { type BellDriver, probeBell } from './bell/driver.ts';
export { BochsDisplay, type Picture } from './bochs-display.ts';
export { Edu, EduError } from './edu.ts';
export { ProbeError } from './pci.ts';
