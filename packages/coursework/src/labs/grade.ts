/** What a part earns in a lab. */
import type { CheckInfo, CheckResult } from '../check/check.ts';
import type { Lab, LabGroup } from './lab.ts';

export interface GroupGrade extends Pick<LabGroup, 'title' | 'points'> {
  /** All points or none. */
  readonly score: number;
  /** How many checks it has, and which of them did not pass: what is skipped earns nothing. */
  readonly checks: number;
  readonly open: readonly string[];
}

export interface Grade {
  readonly score: number;
  readonly max: number;
  readonly groups: readonly GroupGrade[];
}

/** Of a kind's checks, those that the lab asks for. */
export function labChecks<C extends Pick<CheckInfo, 'id'>>(lab: Lab, checks: readonly C[]): C[] {
  return checks.filter(({ id }) => lab.groups.some((group) => group.checks.test(id)));
}

/** @param results  of all the lab's checks. */
export function gradeOf(lab: Lab, results: readonly Pick<CheckResult, 'id' | 'status'>[]): Grade {
  const groups = lab.groups.map((group) => {
    const mine = results.filter(({ id }) => group.checks.test(id));
    const open = mine.filter(({ status }) => status !== 'passed').map(({ id }) => id);
    const isEarned = mine.length > 0 && open.length === 0;
    const { title, points } = group;
    return { title, points, score: isEarned ? points : 0, checks: mine.length, open };
  });
  const sum = (key: 'score' | 'points'): number =>
    groups.reduce((total, group) => total + group[key], 0);
  return { score: sum('score'), max: sum('points'), groups };
}
