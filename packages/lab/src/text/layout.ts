/** What text is laid out for: a terminal, a file, or a page. */
export interface TextLayout {
  /** Characters in a line. */
  readonly columns: number;
  readonly colors: TextColors;
}

/** Each gives the text with its colour or weight, or as it is. */
export interface TextColors {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly green: (text: string) => string;
  readonly red: (text: string) => string;
}

/** Where there are no colours. */
export const plainColors: TextColors = {
  bold: (text) => text,
  dim: (text) => text,
  green: (text) => text,
  red: (text) => text,
};
