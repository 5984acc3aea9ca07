/** What stands beside the stage: a lesson, or the prices. */
import { useEffect, useRef } from 'preact/hooks';
import { change, complaint, follow, state } from '../session/index.ts';
import { readLink } from '../link.ts';
import { Prices } from './prices.tsx';
import { useLessons } from './use-lessons.ts';
import './beside.css';

export function Beside() {
  const { beside } = state.value;
  if (beside === '') {
    return null;
  }
  return (
    <aside key={beside} class="beside" aria-label={beside === 'prices' ? 'Prices' : 'Lesson'}>
      <button type="button" class="close" onClick={() => change({ beside: '' })}>
        Close
      </button>
      {beside === 'prices' ? <Prices /> : <LessonText id={beside} />}
    </aside>
  );
}

function LessonText({ id }: { readonly id: string }) {
  const lessons = useLessons();
  const article = useRef<HTMLElement>(null);
  useEffect(() => {
    article.current?.parentElement?.scrollTo(0, 0);
  }, [id]);
  if (lessons === undefined) {
    return <p>…</p>;
  }
  const lesson = lessons.find((each) => each.id === id);
  if (lesson === undefined) {
    return (
      <>
        <h2>Lessons</h2>
        <ul class="lessons">
          {lessons.map((each) => (
            <li key={each.id}>
              <button type="button" onClick={() => change({ beside: each.id })}>
                {each.title}
              </button>
            </li>
          ))}
        </ul>
      </>
    );
  }
  return (
    <>
      <button type="button" onClick={() => change({ beside: 'lessons' })}>
        All lessons
      </button>
      {/* The text is made of docs/ when the page is built. */}
      <article
        ref={article}
        onClick={(event) => onLink(event, lessons)}
        dangerouslySetInnerHTML={{ __html: lesson.html }}
      />
    </>
  );
}

/** Links within the page change its state, and load nothing. */
function onLink(event: MouseEvent, lessons: readonly { readonly id: string }[]): void {
  const anchor = event.target instanceof Element ? event.target.closest('a') : null;
  if (anchor === null || event.ctrlKey || event.metaKey || event.shiftKey) {
    return;
  }
  const { lesson } = anchor.dataset;
  if (lesson !== undefined) {
    event.preventDefault();
    if (lessons.some(({ id }) => id === lesson)) {
      change({ beside: lesson });
    } else {
      complaint.value = `There is no lesson '${lesson}'.`;
    }
  } else if (anchor.dataset.type !== undefined) {
    event.preventDefault();
    change({ terminal: readLink(anchor.search).terminal });
  } else if (anchor.dataset.follow !== undefined) {
    event.preventDefault();
    void follow(anchor.search);
  }
}
