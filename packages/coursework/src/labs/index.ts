/** The labs: a course's worth, from a device with eleven registers to a project of one's own. */
import { channelLab, eduLab } from './device-labs.ts';
import { rendererLab, queueLab } from './pv-labs.ts';
import { invalidationLab, mediationLab, projectLab, schedulerLab } from './host-labs.ts';
import { labName, type Lab } from './lab.ts';

export type { Lab, LabGroup } from './lab.ts';
export { labName } from './lab.ts';
export { gradeOf, labChecks, type Grade, type GroupGrade } from './grade.ts';

export const labs: readonly Lab[] = [
  eduLab,
  channelLab,
  invalidationLab,
  queueLab,
  rendererLab,
  mediationLab,
  schedulerLab,
  projectLab,
];

/** By its name; undefined: there is none. */
export function findLab(name: string): Lab | undefined {
  return labs.find((lab) => labName(lab) === name);
}
