/** What the driver of a virtio-gpu must keep to, whatever it is asked to do: a mock device watches it. */

export const rules = {
  '3.1.1/reset-first': 'The device is reset before anything else.',
  '3.1.1/sequence': 'The steps of the initialization come in their order, each once.',
  '2.1.1/never-clears': 'No bit of the status is cleared, but by a reset.',
  '2.1.1/reset-after-failed': 'After FAILED nothing but a reset is done.',
  '2.2.1/offered-only': 'No feature is accepted that was not offered.',
  '2.2.1/dependencies': 'No feature is accepted without the one that it needs.',
  '3.1.1/features-once': 'Features are not written after FEATURES_OK.',
  '3.1.1/stops-when-refused': 'When FEATURES_OK is not confirmed, initialization does not go on.',
  '3.1.1/no-config-write': 'The configuration is not written before FEATURES_OK.',
  '3.1.1/queues-before-driver-ok': 'Queues are set up between FEATURES_OK and DRIVER_OK.',
  '3.1.1/no-early-notify': 'The device is not notified before DRIVER_OK.',
  '2.7/size': 'A split queue has a power of two of entries, and no more than the device allows.',
  '5.7.4.1/events-read': 'events_read is not written.',
  '2.7/ring': 'Rings and descriptors are what a device can follow.',
  '3.3.1/exposed':
    'What the device was given stays mapped until it is used, or the device is reset.',
  '3.3.1/unaltered':
    'What the device was given stays as it is until it is used, or the device is reset.',
  '6.1/reach': 'All addresses that the device is given are ones that it can reach.',
  '5.7.2/queues': 'Each command is on its queue, and its queue is notified.',
  '5.7.3/needs-feature': 'No command is used without its feature.',
  '5.7.6.7/whole': 'A command is as long as its fields, and has room for its response.',
  '5.7.6.8/resource-ids':
    'Resources have ids of their own, not 0, and are used while they are there.',
  '5.7.6.8/backing':
    'A transfer is of a resource with a backing, and within both; a backing is attached once.',
  '5.7.6.8/rectangles': 'A rectangle to be shown, or flushed, is within its resource.',
  '5.7.6.8/capset-index': 'No capset is asked for whose index is not below num_capsets.',
  '5.7.6.9/contexts': 'Contexts have ids of their own, not 0, and are used while they are there.',
} as const;

export type Rule = keyof typeof rules;
export type Breaks = (rule: Rule, how: string) => void;
