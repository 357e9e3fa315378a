/** The few pieces of Markdown that generated pages are made of. */
export const code = (word: string): string => `\`${word}\``;

export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}

export const bullets = (lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${lines.map((line) => `- ${line}`).join('\n')}\n`;

/** With commas between thousands, and three digits after the point at most. */
export const number = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en-GB') : String(Math.round(value * 1_000) / 1_000);
