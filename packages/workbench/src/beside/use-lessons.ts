/** The lessons, which are loaded when one is asked for. */
import { useEffect, useState } from 'preact/hooks';

type Lessons = (typeof import('virtual:lessons'))['lessons'];

let loaded: Lessons | undefined;

export function useLessons(): Lessons | undefined {
  const [lessons, setLessons] = useState(loaded);
  useEffect(() => {
    void import('virtual:lessons').then((module) => {
      loaded = module.lessons;
      setLessons(loaded);
    });
  }, []);
  return lessons;
}
