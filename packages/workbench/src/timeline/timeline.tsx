/** Both runs along one axis of virtual time, from the whole of them to a single access. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Catalogue, Side, Standing } from '../machine/contract.ts';
import { Chart } from './chart.ts';
import { listen, type Pointed } from './gestures.ts';
import { summaryOf } from './summary.ts';
import './timeline.css';
import { Toolbar } from './toolbar.tsx';
import { Tooltip } from './tooltip.tsx';
import { trackOf } from './track.ts';

interface Props {
  readonly sides: readonly Side[];
  readonly kinds: Catalogue['kinds'];
  readonly standing: Standing | undefined;
  readonly onGo: (side: number, event: number) => void;
}

export function Timeline({ sides, kinds, standing, onGo }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const plot = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | undefined>(undefined);
  const go = useRef(onGo);
  go.current = onGo;
  const [pointed, setPointed] = useState<Pointed>();
  const [isWithSetUp, setWithSetUp] = useState(false);
  const tracks = useMemo(() => sides.map((side) => trackOf(side, kinds)), [sides, kinds]);

  useEffect(() => {
    if (canvas.current === null || plot.current === null) {
      return undefined;
    }
    const made = new Chart(canvas.current, plot.current, setWithSetUp);
    chart.current = made;
    const unlisten = listen(canvas.current, made, {
      onPoint: setPointed,
      onGo: (side, event) => go.current(side, event),
    });
    return () => {
      unlisten();
      made.close();
    };
  }, []);
  useEffect(() => {
    setPointed(undefined);
    chart.current?.show(tracks, kinds);
  }, [tracks, kinds]);
  useEffect(() => chart.current?.stand(standing), [tracks, standing]);

  return (
    <section class="timeline" aria-label="Timeline">
      <Toolbar chart={() => chart.current} isWithSetUp={isWithSetUp} />
      <div class="plot" ref={plot}>
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label="Timeline: arrows pan, + and - zoom, 0 fits, Home and End, s shows the set-up"
          aria-describedby="timeline-summary"
        />
      </div>
      {pointed !== undefined && tracks[pointed.hit.track] !== undefined && (
        <Tooltip {...{ tracks, kinds, pointed }} />
      )}
      <p id="timeline-summary" class="hidden">
        {summaryOf(tracks, standing)}
      </p>
    </section>
  );
}
