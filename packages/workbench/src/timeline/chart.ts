/** The canvas: what it shows, which part of it, and when it is drawn again. */
import type { Catalogue, Standing } from '../machine/contract.ts';
import { BusyPainter } from './busy.ts';
import { readColours, watchTheme, type Colours } from './colours.ts';
import { drawPicture } from './draw.ts';
import { hitOf, type Hit } from './hit.ts';
import { layoutOf, rowOf, timeAt, type Layout } from './layout.ts';
import { isInOverview, Overview, overviewTimeAt } from './overview.ts';
import type { Track } from './lanes.ts';
import { timeOf } from './track.ts';
import { atEdge, between, boundsOf, following, moved, within, zoomed, type View } from './view.ts';

/** How long the view takes to follow, in milliseconds. */
const MOVE = 180;
/** Of the page's letters, in pixels. */
const USUAL_SIZE = 13;

interface Place {
  readonly canvas: HTMLCanvasElement;
  readonly room: HTMLElement;
  readonly box: HTMLElement;
}

interface Told {
  /** Whether what came before the application began is shown. */
  onSetUp(isShown: boolean): void;
  /** Which part of the axis is seen. */
  onLook(view: View): void;
}

export class Chart {
  view: View = boundsOf(0, 1);
  layout: Layout = layoutOf([], { width: 0, height: 0, scale: 1, scrolled: 0 });
  tracks: readonly Track[] = [];
  private readonly canvas: HTMLCanvasElement;
  private readonly room: HTMLElement;
  private readonly box: HTMLElement;
  private readonly context: CanvasRenderingContext2D;
  private readonly told: Told;
  private readonly busy = new BusyPainter();
  private readonly overview = new Overview();
  private readonly watching: readonly (() => void)[];
  private kinds: Catalogue['kinds'] = [];
  private standing: Standing | undefined;
  private colours: Colours;
  private bounds: View = this.view;
  private hasSetUp = false;
  private hover: Hit | undefined;
  private frame = 0;
  private move = 0;

  /** The canvas sticks to the top of its room, which is as high as all lanes are, in a box that scrolls. */
  constructor({ canvas, room, box }: Place, told: Told) {
    const context = canvas.getContext('2d');
    if (context === null) {
      throw new Error('This browser draws no canvas.');
    }
    this.canvas = canvas;
    this.room = room;
    this.box = box;
    this.told = told;
    this.context = context;
    this.colours = readColours(canvas);
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(box);
    const scroll = (): void => {
      this.lay();
      this.invalidate();
    };
    box.addEventListener('scroll', scroll);
    this.watching = [
      () => sizes.disconnect(),
      () => box.removeEventListener('scroll', scroll),
      watchTheme(() => {
        this.colours = readColours(canvas);
        this.resize();
      }),
    ];
  }

  close(): void {
    cancelAnimationFrame(this.frame);
    cancelAnimationFrame(this.move);
    this.watching.forEach((end) => end());
  }

  // ------------------------------------------------------------------------------ what it shows

  show(tracks: readonly Track[], kinds: Catalogue['kinds']): void {
    this.tracks = tracks;
    this.kinds = kinds;
    this.hover = undefined;
    this.setUp(false);
    this.resize();
  }

  /** With what came before the application began, or without it. Fits. */
  private setUp(isShown: boolean): void {
    this.hasSetUp = isShown;
    this.told.onSetUp(isShown);
    const first = isShown ? Math.min(0, ...this.tracks.map((track) => track.first)) : 0;
    this.bounds = boundsOf(first, Math.max(0, ...this.tracks.map((track) => track.last)));
    this.fit();
  }

  /** Follows the side that is stepped. */
  stand(standing: Standing | undefined): void {
    const before = this.standing;
    this.standing = standing;
    this.invalidate();
    const at = standing?.places[standing.side]?.at;
    const hasMoved = before?.side !== standing?.side || before?.places[before.side]?.at !== at;
    const time = this.currentTime();
    if (hasMoved && standing !== undefined && at !== undefined && time !== undefined) {
      this.follow(time);
      this.scrollTo(standing.side, this.tracks[standing.side].laneOf[at - 1]);
    }
  }

  /** Of the event at which one stands. */
  private currentTime(): number | undefined {
    const { side = 0, places = [] } = this.standing ?? {};
    const track = this.tracks[side];
    return track && places[side] && timeOf(track, places[side].at);
  }

  private follow(time: number): void {
    const { view } = this;
    if (time < this.bounds.from && !this.hasSetUp) {
      this.setUp(true);
      this.view = view;
    }
    const target = following(view, time, this.bounds);
    if (target !== view) {
      this.moveTo(target);
    }
  }

  toggleSetUp(): void {
    this.setUp(!this.hasSetUp);
  }

  private scrollTo(track: number, lane: number): void {
    const { layout } = this;
    const row = rowOf(layout, track, lane);
    if (row !== undefined) {
      const above = layout.axis.bottom + layout.bands[track].headerHeight - row.top;
      const below = row.top + row.height - layout.height;
      this.scrolled += above > 0 ? -above : Math.max(0, below);
    }
  }

  // ------------------------------------------------------------------------------ which part

  look(view: View): void {
    cancelAnimationFrame(this.move);
    this.view = view;
    this.invalidate();
  }

  fit(): void {
    this.look(this.bounds);
  }

  /** Around a place of the canvas. */
  zoomAt(factor: number, x: number): void {
    this.look(zoomed(this.view, factor, timeAt(this.layout, this.view, x), this.bounds));
  }

  /** Around the event at which one stands, where it is seen; or the middle. */
  zoom(factor: number): void {
    const { from, to } = this.view;
    const time = this.currentTime();
    const isSeen = time !== undefined && time >= from && time <= to;
    this.look(zoomed(this.view, factor, isSeen ? time : (from + to) / 2, this.bounds));
  }

  /** Later by a part of what is seen. */
  pan(part: number): void {
    this.look(moved(this.view, part, this.bounds));
  }

  /** So that what was at one place of a view is at another. */
  drag(view: View, pixels: number): void {
    this.look(moved(view, -pixels / this.layout.plotWidth, this.bounds));
  }

  toEdge(edge: 'start' | 'end'): void {
    this.look(atEdge(this.view, edge, this.bounds));
  }

  /** Shows what the overview has there. */
  lookAt(x: number): void {
    const { from, to } = this.view;
    const middle = overviewTimeAt(this.layout, this.bounds, x);
    const half = (to - from) / 2;
    this.look(within({ from: middle - half, to: middle + half }, this.bounds));
  }

  /** Pixels above what is seen: many guests have more lanes than there is room for. */
  get scrolled(): number {
    return this.box.scrollTop;
  }

  set scrolled(pixels: number) {
    this.box.scrollTop = pixels;
  }

  isOverview(y: number): boolean {
    return isInOverview(this.layout, y);
  }

  private moveTo(target: View): void {
    cancelAnimationFrame(this.move);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.look(target);
      return;
    }
    const start = this.view;
    let began: number | undefined;
    const step = (now: number): void => {
      began ??= now;
      const part = Math.min(1, (now - began) / MOVE);
      this.view = between(start, target, part * (2 - part));
      this.draw();
      if (part < 1) {
        this.move = requestAnimationFrame(step);
      }
    };
    this.move = requestAnimationFrame(step);
  }

  // ------------------------------------------------------------------------------ what is there

  hitAt(x: number, y: number): Hit | undefined {
    const { standing } = this;
    return hitOf(this, x, y, (track) => standing?.places[track]?.at ?? 0);
  }

  point(hover: Hit | undefined): void {
    if (hover?.id !== this.hover?.id || hover?.track !== this.hover?.track) {
      this.hover = hover;
      this.invalidate();
    }
  }

  // ------------------------------------------------------------------------------ drawing

  private resize(): void {
    this.lay();
    const { width, height, whole } = this.layout;
    this.room.style.height = `${whole}px`;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
    // At once: a canvas of another size is empty.
    this.draw();
  }

  private lay(): void {
    const { clientWidth: width, clientHeight: height } = this.box;
    const scale = this.colours.size / USUAL_SIZE;
    this.layout = layoutOf(this.tracks, { width, height, scale, scrolled: this.scrolled });
  }

  private invalidate(): void {
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => {
        this.frame = 0;
        this.draw();
      });
    }
  }

  private draw(): void {
    if (this.layout.width === 0) {
      return;
    }
    const { context, kinds, tracks, layout, view, bounds, standing, hover, colours } = this;
    this.told.onLook(view);
    if (this.canvas.width !== Math.round(layout.width * devicePixelRatio)) {
      this.resize();
      return;
    }
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    drawPicture(
      { context, kinds, tracks, layout, view, bounds, standing, hover, colours },
      this.busy,
      this.overview,
    );
  }
}
