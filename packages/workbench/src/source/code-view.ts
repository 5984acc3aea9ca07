/** A read-only editor that marks one line. */
import { javascript } from '@codemirror/lang-javascript';
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language';
import { EditorState, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, lineNumbers } from '@codemirror/view';
import { tags } from '@lezer/highlight';

const mark = StateEffect.define<number | undefined>();
const current = Decoration.line({ class: 'current', attributes: { 'aria-current': 'step' } });

/** The line that runs; none where the number is undefined. */
const markedLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marked, { effects, state: { doc } }) {
    for (const effect of effects) {
      if (effect.is(mark)) {
        const { value } = effect;
        return value === undefined || value > doc.lines
          ? Decoration.none
          : Decoration.set(current.range(doc.line(value).from));
      }
    }
    return marked;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const colors = HighlightStyle.define([
  { tag: tags.comment, color: 'var(--muted)', fontStyle: 'italic' },
  { tag: [tags.keyword, tags.operatorKeyword], color: 'var(--iommu)' },
  { tag: [tags.string, tags.regexp], color: 'var(--device)' },
  { tag: [tags.number, tags.bool, tags.null], color: 'var(--app)' },
  { tag: [tags.typeName, tags.className], color: 'var(--driver)' },
]);

export class CodeView {
  private readonly view: EditorView;
  private file = '';

  constructor(parent: HTMLElement) {
    this.view = new EditorView({ parent, state: stateOf('') });
  }

  show(file: string, text: string, line: number | undefined): void {
    const { view } = this;
    if (file !== this.file) {
      this.file = file;
      view.setState(stateOf(text));
    }
    const effects: StateEffect<unknown>[] = [mark.of(line)];
    if (line !== undefined && line <= view.state.doc.lines) {
      const { from } = view.state.doc.line(line);
      effects.push(EditorView.scrollIntoView(from, { y: 'center' }));
    }
    view.dispatch({ effects });
  }
}

function stateOf(doc: string): EditorState {
  return EditorState.create({
    doc,
    extensions: [
      lineNumbers(),
      javascript({ typescript: true }),
      syntaxHighlighting(colors),
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({ 'aria-label': 'Source', tabindex: '0' }),
      markedLine,
    ],
  });
}
