/** What the other side must keep to: otherwise the connection ends, and says which rule. */
import { ProtocolViolation } from '../pci-device/violation.ts';

export { ProtocolViolation } from '../pci-device/violation.ts';

/** @throws ProtocolViolation unless it holds. */
export function requireThat(holds: boolean, rule: string): asserts holds {
  if (!holds) {
    throw new ProtocolViolation(rule);
  }
}
